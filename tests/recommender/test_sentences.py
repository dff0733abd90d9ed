"""Sentence embeddings in the content model: items are near that say the same in other words."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model2vec import StaticModel
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from recommender.engine import tokens as item_tokens
from recommender.engine.algorithms import sentences
from recommender.engine.algorithms.content import Content, vectors_of
from recommender.engine.forms import load_model
from recommender.engine.forms.vectors import VectorModel
from recommender.engine.types import CannotFit, Dataset, IdMap, TokenTable
from tests.contract import assert_same_arrays, through_files
from tests.datasets import VIEW, Did, dataset

SEA, WAR = ["ocean", "sailor", "ship", "voyage"], ["army", "battle", "general", "siege"]
WORDS = ["[UNK]", *SEA, *WAR]
TITLES = ["ocean voyage", "sailor ship", "army siege", "battle general", "ship", "general"]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A real Model2Vec model of eight words, on disk: those of the sea point one way, those of war another."""
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    rng = np.random.default_rng(0)
    directions = {True: [1.0, 0, 0, 0], False: [0, 1.0, 0, 0]}
    vectors = [[0.0] * 4, *(directions[word in SEA] for word in WORDS[1:])]
    folder = tmp_path_factory.mktemp("encoder") / "words"
    StaticModel(np.array(vectors) + rng.normal(0, 0.05, (9, 4)), tokenizer).save_pretrained(str(folder))
    return str(folder)


def library(titles: list[str]) -> Dataset:
    tokens = tuple(item_tokens.tokens(title, "", [], [], {}) for title in titles)
    made = dataset([Did(1, 0, VIEW)], items=range(len(titles)))
    return Dataset(**{**vars(made), "item_tokens": TokenTable(IdMap(np.arange(len(titles))), tokens)})


def fit(encoder: str = "", **settings: Any) -> VectorModel:
    return Content(encoder=encoder, **{"n_factors": 4, **settings}).fit(library(TITLES), np.random.default_rng(0))


def likeness(model: VectorModel, one: int, other: int) -> float:
    return float(model.vectors[one] @ model.vectors[other])


def test_what_shares_no_word_is_near_where_it_means_the_same(encoder: str) -> None:
    plain, model = fit(), fit(encoder)
    assert abs(likeness(plain, 0, 1)) < 0.1
    assert likeness(model, 0, 1) > 0.4
    assert abs(likeness(model, 0, 3)) < 0.1
    assert model.vectors.shape == plain.vectors.shape == (6, 4)


def test_an_item_that_came_later_is_described_by_the_same_encoder(encoder: str) -> None:
    model = fit(encoder)
    new, nothing = vectors_of(model, [item_tokens.tokens("voyage sailor", "", [], [], {}), ()])
    assert float(new @ model.vectors[4]) > float(new @ model.vectors[5]) + 0.3
    assert not nothing.any()
    again = vectors_of(model, [item_tokens.tokens(title, "", [], [], {}) for title in TITLES])
    np.testing.assert_allclose(again, model.vectors, atol=1e-5)


def test_the_encoder_is_named_in_the_artifact(encoder: str, tmp_path: Path) -> None:
    model = fit(encoder)
    loaded = load_model(model.form, through_files(model.arrays(), tmp_path))
    assert_same_arrays(loaded.arrays(), model.arrays())
    assert isinstance(loaded, VectorModel)
    assert loaded.encoder == encoder
    assert "encoder" not in fit().arrays()


def test_an_encoder_that_is_not_there_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CannotFit, match=r"^The sentence encoder '.*nowhere' can't be loaded"):
        fit(str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match="with an encoder it must be 2 or more"):
        Content(n_factors=1, encoder="any")


def test_without_the_library_the_sentence_says_how_to_get_it(encoder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sentences._encoder.cache_clear()
    monkeypatch.setitem(sys.modules, "model2vec", None)
    with pytest.raises(CannotFit, match=r"pip install -r requirements-embeddings\.txt"):
        fit(encoder)


@pytest.mark.django_db
def test_items_get_no_vectors_where_the_encoder_is_gone(encoder: str, caplog: pytest.LogCaptureFixture) -> None:
    from recommender.serving.candidates import vectors

    model = VectorModel(**{**vars(fit(encoder)), "encoder": "/nowhere/at/all"})
    assert not vectors._described(model, [item_tokens.tokens("ship", "", [], [], {})]).any()
    assert "1 items get no vectors. The sentence encoder '/nowhere/at/all' can't be loaded" in caplog.text


def test_the_hybrid_hands_it_on_and_the_environment_gives_it(encoder: str, settings: Any) -> None:
    from recommender.engine.algorithms.hybrid import Hybrid
    from recommender.training import train

    data = library(TITLES)
    model = Hybrid(sources=("content", "popular"), encoder=encoder).fit(data, np.random.default_rng(0))
    assert getattr(model.sources["content"], "encoder", None) == encoder
    settings.CONTENT_ENCODER = encoder
    for name in ("content", "hybrid"):
        assert getattr(train._create(name, {}), "encoder", None) == encoder
        assert getattr(train._create(name, {"encoder": ""}), "encoder", None) == ""
