from recsite.platform.remembering import remember


def test_what_was_used_longest_ago_is_forgotten() -> None:
    kept: dict[str, int] = {}
    for key in "abcab":
        remember(kept, key, ord(key), 3)
    remember(kept, "d", 4, 3)
    assert list(kept) == ["a", "b", "d"]
