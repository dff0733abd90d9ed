"""Store in Redis, for each user: candidates, seen items, and the mark of the latest event.

    rec:{generation}:{digest}:svd:{ada}    candidates, as packed arrays
    rec:{generation}:seen:{ada}            a set of internal item ids, and COMPLETE once all of them are in it
    rec:{generation}:mark:{ada}            eight random bytes, others after every event
    rec:{generation}:did500:{ada}          what the user did lately, as records, and COMPLETE once all of it is there
    rec:{generation}:about:{ada}           what filters ask of the user (JSON), behind the mark it was read under
    rec:latest:svd:{ada}                   the key of the candidates that were stored last

**Candidates are keyed by what they are made of.** The digest stands for the versions of the models that shape them. A
release that changes none of these finds them, and so does a rollback. When a user's candidates are stored under another
key, those of before stay for SUPERSEDED_SECS, so that there are not more copies than promotions in these minutes.

**Candidates never outlive an event.** They carry the mark that was there before the first row was read for them, and
count only while it is still there. A list that was computed while an event came in carries the old mark: it is stale
the moment it is written. A mark that expired or was evicted is never made again, so no old list comes back to life.

**Seen items are never lost.** Only additions are made to a set. An event adds its items whether or not the set exists;
a reader that finds no COMPLETE adds everything the database has, and COMPLETE with it. Whatever the order: an event
that was committed before the reader looked is in what it read, a later one comes by its own addition, after its commit.

**What a user did lately is kept as seen items are:** by additions alone, so that a list after an event is made without
the database. It is there for users who did something that the training doesn't know of. Of events that come twice, by
themselves and in what a reader adds, one counts.

**A user who opted out has a seen set that says so**, and counts as somebody unknown: a list that was being made
meanwhile is never served.

**An outage loses nothing.** What Redis didn't take is kept in mind and told when it is back, before anybody reads from
it. That is marked in the database: a process that starts finds the mark of one that died, and raises a generation. The
number changes the generation in all keys, so that nothing of before is found any more. So does a restart of Redis.
Readers keep the generation that they began with. An event asks for the latest one after its commit: whoever reads under
a still newer one reads the database after that commit, and finds the event there.
"""

from recommender.cache.about import about_users, keep_about
from recommender.cache.clearing import CacheState, clear, state
from recommender.cache.erasing import on_erased, on_events_retracted, on_merged, on_opted_out, on_users_saved, sweep
from recommender.cache.events import note_events, tell_the_rest
from recommender.cache.histories import history, keep_history, record
from recommender.cache.keys import LISTS_GENERATION, Keys, generation, keys_of, keys_of_each
from recommender.cache.lists import (
    COMPLETE,
    EMPTY,
    NOBODY,
    SOURCES,
    STRANGER_SECS,
    SUPERSEDED_SECS,
    CachedEntry,
    Candidates,
    are_up_to_date,
    keep,
    keep_about_first,
    keep_seen,
    look_up,
    look_up_many,
    marks,
    memory,
    new_mark,
    prolong_seen,
    store,
)

__all__ = [
    "COMPLETE",
    "EMPTY",
    "LISTS_GENERATION",
    "NOBODY",
    "SOURCES",
    "STRANGER_SECS",
    "SUPERSEDED_SECS",
    "CacheState",
    "CachedEntry",
    "Candidates",
    "Keys",
    "about_users",
    "are_up_to_date",
    "clear",
    "generation",
    "history",
    "keep",
    "keep_about",
    "keep_about_first",
    "keep_history",
    "keep_seen",
    "keys_of",
    "keys_of_each",
    "look_up",
    "look_up_many",
    "marks",
    "memory",
    "new_mark",
    "note_events",
    "on_erased",
    "on_events_retracted",
    "on_merged",
    "on_opted_out",
    "on_users_saved",
    "prolong_seen",
    "record",
    "state",
    "store",
    "sweep",
    "tell_the_rest",
]
