"""All methods of both clients: each operation under the name that it has in the API's description."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from recsite_client import (
    catalogue,
    experiments,
    figures,
    lists,
    operating,
    people,
    placements,
    shadows,
    staff,
    webhooks,
)
from recsite_client.answers import Item, Job, Moment, StoredEvent, User
from recsite_client.binding import method, operation, paged, rows
from recsite_client.talks import Plan, Retries, stream

Found = Callable[[Retries], Plan[None]]


def _export_users(*, since: Moment | None = None, cursor: str | None = None) -> Found:
    """Iterate over all users, streamed. A stream that breaks goes on by itself; `cursor` goes on behind a user_id."""
    return partial(stream, catalogue.export("users", since, cursor), "user_id")


def _export_items(*, since: Moment | None = None, cursor: str | None = None) -> Found:
    """Iterate over all items, streamed. A stream that breaks goes on by itself; `cursor` goes on behind an item_id."""
    return partial(stream, catalogue.export("items", since, cursor), "item_id")


def _export_interactions(*, since: Moment | None = None, cursor: str | None = None) -> Found:
    """Iterate over all events, streamed. A stream that breaks goes on by itself; `cursor`: behind that event_id."""
    return partial(stream, catalogue.export("interactions", since, cursor), "event_id")


class Operations:
    """The operations, and what iterates over their pages."""

    recommend_for_user = operation(lists.recommend_for_user)
    recommend_for_many = operation(lists.recommend_for_many)
    recommend_for_session = operation(lists.recommend_for_session)
    list_similar = operation(lists.list_similar)
    list_bought_together = operation(lists.list_bought_together)
    list_popular = operation(lists.list_popular)
    list_latest = operation(lists.list_latest)
    list_trending = operation(lists.list_trending)
    export_lists = operation(lists.export_lists)

    send_event = operation(catalogue.send_event)
    send_events = operation(catalogue.send_events)
    list_user_interactions = operation(catalogue.list_user_interactions)
    list_item_interactions = operation(catalogue.list_item_interactions)
    user_history = paged(catalogue.list_user_interactions, "items", StoredEvent)
    item_history = paged(catalogue.list_item_interactions, "items", StoredEvent)

    list_items = operation(catalogue.list_items)
    read_item = operation(catalogue.read_item)
    create_item = operation(catalogue.create_item)
    put_item = operation(catalogue.put_item)
    change_item = operation(catalogue.change_item)
    delete_item = operation(catalogue.delete_item)
    load_items = operation(catalogue.load_items)
    items = paged(catalogue.list_items, "items", Item)
    search_items = operation(figures.search_items)
    search = paged(figures.search_items, "items", Item)

    list_users = operation(catalogue.list_users)
    read_user = operation(catalogue.read_user)
    create_user = operation(catalogue.create_user)
    put_user = operation(catalogue.put_user)
    change_user = operation(catalogue.change_user)
    load_users = operation(catalogue.load_users)
    users = paged(catalogue.list_users, "users", User)
    erase_user = operation(people.erase_user)
    export_user = operation(people.export_user)
    opt_out = operation(people.opt_out)
    opt_in = operation(people.opt_in)
    merge_user = operation(people.merge_user)

    export_users = rows(_export_users, User)
    export_items = rows(_export_items, Item)
    export_interactions = rows(_export_interactions, StoredEvent)

    list_interaction_types = operation(figures.list_interaction_types)
    read_interaction_type = operation(figures.read_interaction_type)
    create_interaction_type = operation(figures.create_interaction_type)
    put_interaction_type = operation(figures.put_interaction_type)
    delete_interaction_type = operation(figures.delete_interaction_type)
    read_user_statistics = operation(figures.read_user_statistics)
    read_item_statistics = operation(figures.read_item_statistics)
    read_placement_analytics = operation(figures.read_placement_analytics)
    read_algorithm_analytics = operation(figures.read_algorithm_analytics)
    read_system_analytics = operation(figures.read_system_analytics)

    list_models = operation(operating.list_models)
    read_model = operation(operating.read_model)
    read_live_models = operation(operating.read_live_models)
    list_releases = operation(operating.list_releases)
    read_release = operation(operating.read_release)
    explain_absence = operation(operating.explain_absence)
    compare_releases = operation(operating.compare_releases)
    train_models = operation(operating.train_models)
    promote_release = operation(operating.promote_release)
    estimate_release = operation(operating.estimate_release)
    roll_back = operation(operating.roll_back)
    reload_models = operation(operating.reload_models)
    read_cache = operation(operating.read_cache)
    warm_cache = operation(operating.warm_cache)
    clear_cache = operation(operating.clear_cache)
    read_stats = operation(operating.read_stats)
    list_jobs = operation(operating.list_jobs)
    read_job = operation(operating.read_job)
    cancel_job = operation(operating.cancel_job)
    jobs = paged(operating.list_jobs, "jobs", Job)
    wait_for_job = method(operating.wait_for_job)

    list_experiments = operation(experiments.list_experiments)
    read_experiment = operation(experiments.read_experiment)
    create_experiment = operation(experiments.create_experiment)
    read_experiment_results = operation(experiments.read_experiment_results)
    assign_variant = operation(experiments.assign_variant)
    start_experiment = operation(experiments.start_experiment)
    pause_experiment = operation(experiments.pause_experiment)
    stop_experiment = operation(experiments.stop_experiment)
    archive_experiment = operation(experiments.archive_experiment)
    ship_variant = operation(experiments.ship_variant)
    list_shadows = operation(shadows.list_shadows)
    read_shadow = operation(shadows.read_shadow)
    start_shadow = operation(shadows.start_shadow)
    stop_shadow = operation(shadows.stop_shadow)

    list_placements = operation(placements.list_placements)
    read_placement = operation(placements.read_placement)
    create_placement = operation(placements.create_placement)
    delete_placement = operation(placements.delete_placement)
    put_placement_draft = operation(placements.put_placement_draft)
    publish_placement = operation(placements.publish_placement)
    revert_placement = operation(placements.revert_placement)
    preview_placement = operation(placements.preview_placement)

    sign_in = operation(staff.sign_in)
    refresh_tokens = operation(staff.refresh_tokens)
    sign_out = operation(staff.sign_out)

    list_webhooks = operation(webhooks.list_webhooks)
    list_webhook_events = operation(webhooks.list_webhook_events)
    read_webhook = operation(webhooks.read_webhook)
    create_webhook = operation(webhooks.create_webhook)
    change_webhook = operation(webhooks.change_webhook)
    delete_webhook = operation(webhooks.delete_webhook)
    rotate_webhook_secret = operation(webhooks.rotate_webhook_secret)
    test_webhook = operation(webhooks.send_test)
    list_webhook_deliveries = operation(webhooks.list_webhook_deliveries)
    read_webhook_delivery = operation(webhooks.read_webhook_delivery)
    redeliver_webhook = operation(webhooks.redeliver_webhook)
