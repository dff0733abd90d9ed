"""Who reaches whom in the cluster, how many there are, and what leads to them."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.urls import URLResolver, get_resolver

from recsite import connection_check, pool_sizes, process_roles
from recsite.local.paths import PROJECT
from recsite.platform import counting
from tests.deploy.manifests import (
    COMPONENT,
    K8S,
    LIKE_PRODUCTION,
    OVERLAYS,
    component,
    container,
    environment,
    objects,
    one,
    ours,
    pods,
    selects,
    settings,
    template,
)

FLOWS = yaml.safe_load((K8S / "flows.yaml").read_text())
NAMES = {json.dumps(peers, sort_keys=True): name for name, peers in FLOWS["peers"].items()}
DEPLOY = PROJECT / "docs" / "DEPLOY.md"
Flow = tuple[str, str, str, str]
"""A component, the direction, who is at the other end, the port."""


def written(overlay: str) -> set[Flow]:
    """Return the flows that the table names for an overlay."""
    everybody = {name for name, _ in pods(overlay)}
    used = yaml.safe_load((K8S / "overlays" / overlay / "kustomization.yaml").read_text()).get("components", [])
    extra = [flow for path in used for flow in FLOWS["with_component"].get(path.rpartition("/")[2], [])]
    return {
        (name, way, flow[way], port)
        for flow in FLOWS["flows"] + extra
        for name in (everybody if flow["pods"] == "all" else flow["pods"])
        for way in ("to", "from")
        if way in flow
        for port in flow["ports"]
    }


def allowed(overlay: str) -> set[Flow]:
    """Return the flows that the policies let through."""
    found = set()
    for policy in objects(overlay, "NetworkPolicy"):
        for name, labels in pods(overlay):
            if not selects(policy["spec"]["podSelector"], labels):
                continue
            for way, rules in (("to", "egress"), ("from", "ingress")):
                for rule in policy["spec"].get(rules, []):
                    assert rule.get("ports"), "a rule without ports lets all of them through"
                    peer = NAMES[json.dumps(rule[way], sort_keys=True)]
                    found |= {(name, way, peer, f"{port['port']}/{port['protocol']}") for port in rule["ports"]}
    return found


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_policies_allow_exactly_the_flows_of_the_table(overlay: str) -> None:
    assert allowed(overlay) == written(overlay)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_is_not_allowed_is_refused(overlay: str) -> None:
    deny = one(overlay, "NetworkPolicy", "deny-all")["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@pytest.mark.parametrize("overlay", ["development"])
def test_servers_in_the_cluster_let_in_those_who_may_go_there(overlay: str) -> None:
    for server in ("postgresql", "redis", "kafka"):
        rules = one(overlay, "NetworkPolicy", server)["spec"]["ingress"]
        going = one(overlay, "NetworkPolicy", f"to-{server}-here")["spec"]
        assert [peer["podSelector"] for rule in rules for peer in rule["from"]] == [going["podSelector"]]
        assert [rule["ports"] for rule in rules] == [rule["ports"] for rule in going["egress"]]


def test_the_documents_show_the_table() -> None:
    lines = [re.sub(r"[ `]+", " ", line) for line in DEPLOY.read_text().splitlines() if line.startswith("|")]
    for flow in FLOWS["flows"] + [flow for flows in FLOWS["with_component"].values() for flow in flows]:
        who = "all" if flow["pods"] == "all" else ", ".join(flow["pods"])
        way = "to" if "to" in flow else "from"
        ports = ", ".join(flow["ports"])
        assert f"| {who} | {way} {flow[way]} | {ports} | {flow['why']} |" in lines


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_ports_of_the_table_are_those_of_the_roles(overlay: str) -> None:
    scraped = {(name, port) for name, way, who, port in written(overlay) if (way, who) == ("from", "Prometheus")}
    roles = {component(found): container(found).get("ports") for found in ours(overlay)}
    assert scraped == {(name, f"{ports[0]['containerPort']}/TCP") for name, ports in roles.items() if ports}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_selector_takes_pods_of_ours(overlay: str) -> None:
    labels = [own for _, own in pods(overlay)]
    for found in objects(overlay, "Deployment", "StatefulSet"):
        assert selects(found["spec"]["selector"], template(found)["metadata"]["labels"])
    for found in objects(overlay, "PodDisruptionBudget", "ServiceMonitor", "PodMonitor"):
        assert [own for own in labels if selects(found["spec"]["selector"], own)], found["metadata"]["name"]
    web = one(overlay, "Service", "recsite-web")
    assert [own[COMPONENT] for own in labels if selects({"matchLabels": web["spec"]["selector"]}, own)] == ["web"]
    target = container(one(overlay, "Deployment", "recsite-web"))["ports"]
    assert {port["targetPort"] for port in web["spec"]["ports"]} == {port["name"] for port in target}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_ingress_leads_to_the_service_by_middlewares_that_there_are(overlay: str) -> None:
    host = settings(overlay)["ALLOWED_HOSTS"]
    known = {
        f"{found['metadata']['namespace']}-{found['metadata']['name']}@kubernetescrd"
        for found in objects(overlay, "Middleware")
    }
    for found in objects(overlay, "Ingress"):
        notes = found["metadata"]["annotations"]
        assert set(notes["traefik.ingress.kubernetes.io/router.middlewares"].split(",")) <= known
        (rule,), (tls,) = found["spec"]["rules"], found["spec"]["tls"]
        assert [rule["host"]] == tls["hosts"] == [host]
        for path in rule["http"]["paths"]:
            assert path["backend"]["service"] == {"name": "recsite-web", "port": {"name": "http"}}
    (certificate,) = objects(overlay, "Certificate")
    assert certificate["spec"]["dnsNames"] == [host]
    assert certificate["spec"]["secretName"] == tls["secretName"]
    assert settings(overlay)["PUBLIC_URL"] == f"https://{host}"


def test_bodies_are_limited_as_the_application_does() -> None:
    example = dict(re.findall(r"^#([A-Z_]+)=(\d+)$", (PROJECT / ".env.example").read_text(), re.MULTILINE))
    body = one("production", "Middleware", "body")["spec"]["buffering"]
    assert body["maxRequestBodyBytes"] == int(example["MAX_REQUEST_SIZE"])


def test_large_bodies_go_to_the_operations_that_take_them_alone() -> None:
    taking = {f"/{name}" for name in routes(get_resolver().url_patterns)}
    (rule,) = one("production", "Ingress", "recsite-large")["spec"]["rules"]
    assert {path["path"] for path in rule["http"]["paths"]} == taking


def routes(patterns: list[Any], before: str = "") -> Iterator[str]:
    """Yield the addresses whose operations take lines of any number."""
    for found in patterns:
        here = before + str(found.pattern)
        if isinstance(found, URLResolver):
            yield from routes(found.url_patterns, here)
        elif getattr(getattr(found.callback, "view_class", None), "takes_ndjson", False):
            yield here


def test_what_looks_after_the_server_is_seen_from_inside_alone() -> None:
    inside = one("production", "Ingress", "recsite-inside")["spec"]["rules"][0]["http"]["paths"]
    assert {path["path"] for path in inside} == {"/metrics", "/health", "/ready"}
    notes = one("production", "Ingress", "recsite-inside")["metadata"]["annotations"]
    assert notes["traefik.ingress.kubernetes.io/router.middlewares"] == "recsite-inside@kubernetescrd"


@pytest.mark.parametrize("overlay", LIKE_PRODUCTION)
def test_prometheus_scrapes_every_role_and_knows_it_by_name(overlay: str) -> None:
    scraped = set()
    for found in objects(overlay, "ServiceMonitor", "PodMonitor"):
        (asked,) = found["spec"].get("endpoints") or found["spec"]["podMetricsEndpoints"]
        assert {"targetLabel": "job", "replacement": "recsite"} in asked["relabelings"]
        (role,) = [one for one in asked["relabelings"] if one["targetLabel"] == "role"]
        assert role["sourceLabels"] == ["__meta_kubernetes_pod_label_" + re.sub(r"[./]", "_", COMPONENT)]
        assert asked["path"] == process_roles.METRICS
        taken = [own for _, own in pods(overlay) if selects(found["spec"]["selector"], own)]
        scraped |= {own[COMPONENT] for own in taken}
        for workload in ours(overlay):
            if component(workload) in {own[COMPONENT] for own in taken}:
                assert asked["port"] in {port["name"] for port in container(workload)["ports"]}
    assert scraped == {component(found) for found in objects(overlay, "Deployment")}


@pytest.mark.parametrize("overlay", LIKE_PRODUCTION)
def test_one_autoscaler_for_what_has_no_number_of_its_own(overlay: str) -> None:
    (scaler,) = objects(overlay, "HorizontalPodAutoscaler")
    assert scaler["spec"]["scaleTargetRef"]["name"] == "recsite-web"
    for found in objects(overlay, "Deployment"):
        assert ("replicas" in found["spec"]) != (found["metadata"]["name"] == "recsite-web")
    targets = {
        metric["resource"]["name"]: metric["resource"]["target"]["averageUtilization"]
        for metric in scaler["spec"]["metrics"]
        if metric["type"] == "Resource"
    }
    assert targets == {"cpu": 70, "memory": 80}
    assert scaler["spec"]["behavior"]["scaleUp"]["stabilizationWindowSeconds"] == 0
    assert scaler["spec"]["behavior"]["scaleDown"]["stabilizationWindowSeconds"] == 300
    if overlay.startswith("production"):
        assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (3, 20)


def test_the_autoscalers_metric_is_made_by_the_adapter_of_one_that_we_expose() -> None:
    (scaler,) = objects("production", "HorizontalPodAutoscaler")
    (wanted,) = [metric["pods"]["metric"]["name"] for metric in scaler["spec"]["metrics"] if metric["type"] == "Pods"]
    (rule,) = yaml.safe_load((K8S / "adapter" / "values.yaml").read_text())["rules"]["custom"]
    series = rule["seriesQuery"].partition("{")[0]
    assert re.sub(rule["name"]["matches"], rule["name"]["as"], series) == wanted
    assert series in {f"{family.name}_total" for family in counting.metrics.requests.collect()}


@pytest.mark.parametrize("overlay", LIKE_PRODUCTION)
def test_budgets_for_disruptions_leave_something_to_evict(overlay: str) -> None:
    least = {component(found): found["spec"].get("replicas") for found in objects(overlay, "Deployment")}
    (scaler,) = objects(overlay, "HorizontalPodAutoscaler")
    least["web"] = scaler["spec"]["minReplicas"]
    budgets = objects(overlay, "PodDisruptionBudget")
    for found in budgets:
        assert found["spec"]["minAvailable"] < least[found["spec"]["selector"]["matchLabels"][COMPONENT]]
    assert one(overlay, "PodDisruptionBudget", "recsite-web")["spec"]["minAvailable"] == 2


@pytest.mark.parametrize("overlay", LIKE_PRODUCTION)
def test_web_processes_are_spread_over_nodes(overlay: str) -> None:
    pod = template(one(overlay, "Deployment", "recsite-web"))["spec"]
    terms = pod["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert [term["podAffinityTerm"]["topologyKey"] for term in terms] == ["kubernetes.io/hostname"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_two_servers_share_a_volume(overlay: str) -> None:
    for found in objects(overlay, "StatefulSet"):
        assert found["spec"]["replicas"] == 1
        assert found["spec"]["volumeClaimTemplates"]
    for cluster in objects(overlay, "Cluster"):
        assert cluster["spec"]["instances"] >= 3
        assert cluster["spec"]["storage"]["size"]


def test_the_database_has_connections_for_the_most_processes() -> None:
    cluster = one("staging", "Cluster", "recsite-postgresql")
    offered = int(cluster["spec"]["postgresql"]["parameters"]["max_connections"])
    (scaler,) = objects("production", "HorizontalPodAutoscaler")
    needed = 0
    for found in objects("production", "Deployment"):
        values = environment("production", found)
        replicas = found["spec"].get("replicas", scaler["spec"]["maxReplicas"]) + 1
        pool = int(values["DATABASE_MAX_CONNECTIONS"])
        size = pool_sizes.Size(int(values["API_WORKERS"]), int(values["WORKER_THREADS"]), pool)
        needed += pool_sizes.total({component(found).removeprefix("worker-"): replicas}, size)
    # Three are the superuser's.
    assert connection_check.sentence(needed, offered - 3) == ""
    assert f"may open {needed} connections" in DEPLOY.read_text()
