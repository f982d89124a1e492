"""What docker-compose.yml and its files promise, read from them: `make containers` starts them and tries it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from cicd_health import settings
from tests.containers.test_image import PINNED

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(TEXT)
SECRETS = yaml.safe_load((ROOT / "deploy" / "secrets.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "cicd-health"]
STAYING = [name for name, service in SERVICES.items() if service["restart"] != "no"]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
IN_EXAMPLE = re.findall(r"^#?([A-Z][A-Z_]+)=", EXAMPLE, re.MULTILINE)
# Settings that the containers fix for themselves.
FIXED = {"HOST", "PORT", "DATA_DIR", "ROLE", "BACKEND_ENV"}


def mounted(service: str) -> dict[str, str]:
    """Where in the container what of ours is."""
    return {volume.split(":")[1]: volume.split(":")[0] for volume in SERVICES[service].get("volumes", [])}


def test_the_services_are_the_promised_ones_and_the_rest_comes_with_profiles():
    profiles = {name: service.get("profiles", []) for name, service in SERVICES.items()}
    assert [name for name, chosen in profiles.items() if not chosen] == ["db", "migrate", "web", "worker"]
    assert {profile for chosen in profiles.values() for profile in chosen} == {"redis", "tls", "monitoring"}


def test_every_image_but_ours_is_of_a_pinned_version():
    others = [service["image"] for service in SERVICES.values() if service["image"] != "cicd-health"]
    assert [image for image in others if not PINNED.fullmatch(image)] == []


@pytest.mark.parametrize("name", OURS)
def test_our_containers_can_write_nothing_but_their_volumes_and_have_no_rights(name: str):
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    assert all(not source.startswith("/") for source in mounted(name).values())


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_a_limit_of_memory(name: str):
    assert "mem_limit" in SERVICES[name]


@pytest.mark.parametrize("name", STAYING)
def test_a_service_comes_back_by_itself_and_its_log_does_not_fill_the_disk(name: str):
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["logging"]["options"] == {"max-size": "10m", "max-file": "5"}


def test_what_must_outlive_a_container_is_in_a_named_volume():
    assert mounted("db") == {"/var/lib/postgresql/data": "postgres"}
    assert {mounted(name)["/data"] for name in OURS} == {"state"}
    named = {source for name in SERVICES for source in mounted(name).values() if not source.startswith("./")}
    assert named == set(COMPOSE["volumes"])


def test_every_mounted_file_of_ours_is_there():
    files = {source for name in SERVICES for source in mounted(name).values() if source.startswith("./")}
    assert [file for file in files if not (ROOT / file).exists()] == []


def test_only_tls_listens_beyond_this_machine():
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports.keys() == {"web", "caddy", "grafana"}
    assert ports["web"] == ["127.0.0.1:${APP_PORT:-3000}:3000"]
    assert all(port.startswith("127.0.0.1:") for name in ("web", "grafana") for port in ports[name])


def test_the_database_and_redis_are_reached_from_our_containers_only():
    inside = {name for name, service in SERVICES.items() if "inside" in service.get("networks", [])}
    assert inside == {"db", "redis", *OURS}
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert all(SERVICES[name]["networks"] == ["inside"] for name in ("db", "redis"))


def test_the_schema_is_made_before_anything_of_ours_starts():
    for name in ("web", "worker"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert SERVICES["migrate"]["depends_on"]["db"] == {"condition": "service_healthy"}


def test_the_server_has_more_time_to_stop_than_it_needs():
    assert int(SERVICES["web"]["stop_grace_period"].removesuffix("s")) > 5


def test_every_setting_reaches_our_containers():
    for name in OURS:
        assert SERVICES[name]["env_file"] == ".env"
        assert {"DATABASE_URL", "PUBLIC_URL"}.isdisjoint(SERVICES[name]["environment"])  # .env says them


def test_the_addresses_that_the_containers_set_are_other_names_of_settings_which_win():
    also = {other: name for name, _, about in settings.fields() for other in about["also"]}
    said = SERVICES["web"]["environment"].keys() - {"HOST", "PORT", "DATA_DIR"}
    assert {name: also[name] for name in said} == {
        "LOCAL_URL": "PUBLIC_URL",
        "SQLALCHEMY_DATABASE_URL": "DATABASE_URL",
    }


def test_every_setting_is_in_the_example():
    assert [name for name, _, _ in settings.fields() if name not in {*IN_EXAMPLE, *FIXED}] == []


def test_every_name_of_the_compose_file_is_in_the_example():
    assert set(re.findall(r"\$\{(\w+)", TEXT)) <= set(IN_EXAMPLE)


def test_the_example_is_enough_to_start():
    needed = set(re.findall(r"\$\{(\w+):\?", TEXT))
    given = dict(re.findall(r"^([A-Z_]+)=(.+)$", EXAMPLE, re.MULTILINE))
    assert needed <= given.keys()
    assert given == {"POSTGRES_PASSWORD": "change0me", "APP_PORT": "3000"}


def test_each_secret_file_is_read_by_those_who_need_it():
    files = {name: secret["file"] for name, secret in SECRETS["secrets"].items()}
    assert files == {name: f"./secrets/{name}" for name in files}
    for service in SECRETS["services"].values():
        read = {value for name, value in service["environment"].items() if name.endswith("_FILE")}
        assert read == {f"/run/secrets/{name}" for name in service["secrets"]}
    assert set(SECRETS["services"]) == {"db", *OURS}


def test_with_secret_files_no_password_is_left_in_an_environment():
    assert SECRETS["services"]["db"]["environment"]["POSTGRES_PASSWORD"] == ""
    assert all(SECRETS["services"][name]["environment"]["SQLALCHEMY_DATABASE_URL"] == "" for name in OURS)


def test_the_proxy_changes_no_path():
    caddyfile = (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    directives = {line.split()[0] for line in caddyfile.splitlines() if line.strip()}
    assert directives.isdisjoint({"uri", "rewrite", "handle_path", "route", "redir", "strip_prefix"})
    assert "name web" in caddyfile
    assert "port 3000" in caddyfile


def test_prometheus_reads_every_server_with_the_key_that_was_made_for_it():
    config = yaml.safe_load((ROOT / "deploy" / "prometheus.yml").read_text(encoding="utf-8"))
    scrape = config["scrape_configs"][0]
    assert scrape["job_name"] == "cicd-health"  # the alarms name it
    assert scrape["authorization"]["credentials_file"] in SERVICES["monitoring-key"]["command"][-1]
    assert scrape["dns_sd_configs"][0]["names"] == ["web"]
    assert set(config["rule_files"]) <= mounted("prometheus").keys()
    assert mounted("monitoring-key")["/keys"] == mounted("prometheus")["/keys"] == "keys"


def test_grafana_finds_its_source_and_the_dashboard():
    provisioning = ROOT / mounted("grafana")["/etc/grafana/provisioning"]
    sources = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text(encoding="utf-8"))
    assert sources["datasources"][0]["url"] == "http://prometheus:9090"
    providers = yaml.safe_load((provisioning / "dashboards" / "cicd-health.yml").read_text(encoding="utf-8"))
    folder = ROOT / mounted("grafana")[providers["providers"][0]["options"]["path"]]
    assert [json.loads(file.read_text(encoding="utf-8"))["uid"] for file in folder.glob("*.json")] == ["cicd-health"]
