"""Settings: where they come from, what they refuse, and the secrets made on first need."""

from __future__ import annotations

import json
import re
import stat
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from cicd_health import secret_file, settings
from cicd_health.cli import settings_page
from cicd_health.setting_kinds import LogPlace, log_place
from cicd_health.settings import SettingsError, read

ROOT = Path(__file__).parents[1]


def refusal(name: str, value: str) -> str:
    with pytest.raises(SettingsError) as caught:
        read({name: value})
    return str(caught.value)


def test_without_anything_given_the_defaults_of_the_contract_hold():
    chosen = read({})
    assert (chosen.host, chosen.port, chosen.public_url) == ("127.0.0.1", 3000, "http://localhost:3000")
    assert chosen.database_url == "sqlite:///data/cicd_health.db"
    assert (chosen.alert_threshold, chosen.poll_interval_minutes, chosen.log_max_mb) == (1, 5, 20)
    assert (chosen.run_retention_days, chosen.log_retention_days, chosen.delivery_retention_days) == (730, 180, 30)
    assert (chosen.public_read, chosen.backend_env, chosen.allow_origins) == (False, "prod", ())


@pytest.mark.parametrize(
    ("other", "value", "name"),
    [
        ("BACKEND_PORT", "8080", "port"),
        ("SQLALCHEMY_DATABASE_URL", "postgresql://u@h/d", "database_url"),
        ("ALERT_SLACK_WEBHOOK", "https://hooks.example.com/x", "slack_webhook_url"),
    ],
)
def test_a_setting_is_also_read_under_its_other_name(other: str, value: str, name: str):
    assert str(getattr(read({other: value}), name)) == value


def test_of_two_names_the_setting_s_own_wins():
    assert read({"PORT": "1", "BACKEND_PORT": "2"}).port == 1


def test_the_environment_wins_over_the_file_even_by_another_name():
    assert read({"BACKEND_PORT": "4000"}, {"PORT": "5000"}).port == 4000


def test_an_empty_value_in_the_environment_switches_off_what_the_file_says():
    assert read({"SLACK_WEBHOOK_URL": ""}, {"ALERT_SLACK_WEBHOOK": "https://slack.example/x"}).slack_webhook_url is None
    assert read({}, {"ALERT_SLACK_WEBHOOK": "https://slack.example/x"}).slack_webhook_url is not None


@pytest.mark.parametrize("name", ["API_KEY", "GITHUB_WEBHOOK_SECRET", "JENKINS_WEBHOOK_TOKEN", "INGEST_TOKEN"])
def test_a_list_of_secrets_without_a_secret_is_refused(name: str):
    with pytest.raises(SettingsError, match=f"^{name} is "):
        read({name: " , ,"})


def test_an_empty_value_is_not_set():
    assert read({"PORT": " ", "JENKINS_URL": ""}) == read({})


def test_the_public_address_follows_the_port_and_has_no_slash_at_its_end():
    assert read({"PORT": "80"}).public_url == "http://localhost:80"
    assert read({"PUBLIC_URL": "https://ci.example.com/"}).public_url == "https://ci.example.com"


def test_the_sqlite_file_is_in_the_folder_of_the_product(tmp_path: Path):
    assert read({"DATA_DIR": str(tmp_path)}).database_url == f"sqlite:///{tmp_path}/cicd_health.db"


def test_comma_lists_become_tuples():
    chosen = read({"GITHUB_REPOS": "a/b, c/d,", "ALERT_EMAIL_TO": "x@y.z,u@v.w", "SMTP_HOST": "mail"})
    assert chosen.github_repos == ("a/b", "c/d")
    assert chosen.alert_email_to == ("x@y.z", "u@v.w")
    assert read({"SECRET_KEY": "new,old"}).secret_key == ("new", "old")


def test_an_apprise_address_may_hold_commas_itself():
    given = "mailto://u:p@h?to=a@b.c,d@e.f, json://x/y"
    assert read({"APPRISE_URLS": given}).apprise_urls == ("mailto://u:p@h?to=a@b.c,d@e.f", "json://x/y")


def test_a_secret_is_read_from_the_file_that_its_name_names(tmp_path: Path):
    (tmp_path / "token").write_text("t0ken\n", encoding="utf-8")
    assert read({"GITHUB_TOKEN_FILE": str(tmp_path / "token")}).github_token == "t0ken"


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path):
    assert refusal("API_KEY_FILE", str(tmp_path / "none")).startswith(
        f"API_KEY_FILE is '{tmp_path}/none', but it must be"
    )


LOG_STORE = "file:///folder or s3://bucket/prefix?endpoint=https://host:9000&region=eu-central-1&path_style=1"
NO_LOG_STORES = (
    *("/var/logs", "file://host/logs", "file:///", "file:///logs/../etc", "file:///logs/%2e%2e/etc", "file:logs"),
    *("s3:///logs", "s3://Logs", "s3://logs/../x", "s3://logs/a//b", "s3://logs?path_style=yes", "s3://logs?key=1"),
    *("s3://logs?endpoint=minio:9000", "s3://logs?endpoint=ftp://minio", "https://logs.s3.amazonaws.com"),
)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("PORT", "99999", "a whole number from 1 to 65535"),
        ("ALERT_THRESHOLD", "0", "a whole number from 1 to 50"),
        ("PUBLIC_READ", "perhaps", "true or false"),
        ("BACKEND_ENV", "production", "prod or dev"),
        ("PUBLIC_URL", "ci.example.com", "an address such as https://ci.example.com"),
        ("ALLOW_ORIGINS", "*", "a comma list of origins such as https://wiki.example.com"),
        ("ALERT_EMAIL_TO", "nobody", "a comma list of e-mail addresses"),
        ("GITHUB_REPOS", "justaname", "a comma list of owner/name"),
        ("RUN_RETENTION_DAYS", "-1", "a whole number from 1 to 36500"),
        ("REDIS_URL", "localhost", "redis://host:6379/0 or rediss://…"),
        *(("LOG_STORE_URL", value, LOG_STORE) for value in NO_LOG_STORES),
    ],
)
def test_a_wrong_value_is_one_sentence_with_name_value_and_what_is_allowed(name: str, value: str, allowed: str):
    assert refusal(name, value) == f"{name} is {value!r}, but it must be {allowed}."


def test_a_refused_secret_is_masked():
    assert "hunter2" not in refusal("SLACK_WEBHOOK_URL", "hunter2")


@pytest.mark.parametrize("address", ["postgresql://me:hunter2@h:port/d", "mysql://me:hunter2@h/d", "me:hunter2@h/d"])
def test_the_password_in_a_refused_address_is_masked(address: str):
    sentence = refusal("DATABASE_URL", address)
    assert "hunter2" not in sentence
    assert sentence.startswith("DATABASE_URL is ")


def test_the_settings_do_not_print_their_secrets():
    given = {
        "GITHUB_TOKEN": "hunter2",
        "DATABASE_URL": "postgresql://me:hunter2@h/d",
        "REDIS_URL": "redis://:hunter2@h",
    }
    assert "hunter2" not in repr(read(given)) + "".join(settings_page.values(read(given)))


@pytest.mark.parametrize(
    "given",
    [
        *({"GITHUB_APP_ID": "1"}, {"JENKINS_USER": "me"}, {"JENKINS_TOKEN": "t"}, {"ALERT_EMAIL_TO": "a@b.c"}),
        *({"LOG_STORE_URL": "s3://logs"}, {"LOG_STORE_KEY_ID": "id"}, {"LOG_STORE_SECRET": "s"}),
    ],
)
def test_half_of_what_belongs_together_is_refused(given: dict[str, str]):
    with pytest.raises(SettingsError, match="must"):
        read(given)


def test_a_secret_is_made_on_first_need_and_kept_for_its_owner_only(tmp_path: Path):
    token = read({"DATA_DIR": str(tmp_path)}).ingest_token
    file = secret_file.path(tmp_path)
    assert json.loads(file.read_text(encoding="utf-8")) == {"INGEST_TOKEN": token}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read({"DATA_DIR": str(tmp_path)}).ingest_token == token


def test_reading_the_settings_makes_no_secret(tmp_path: Path):
    settings_page.values(read({"DATA_DIR": str(tmp_path / "data")}))
    assert list(tmp_path.iterdir()) == []


def test_a_given_secret_is_not_kept(tmp_path: Path):
    assert read({"DATA_DIR": str(tmp_path), "INGEST_TOKEN": "mine"}).ingest_token == "mine"
    assert list(tmp_path.iterdir()) == []


def made_in_another_process(folder: Path) -> str:
    return secret_file.secret(folder, "SECRET_KEY")


def test_processes_that_start_at_once_get_the_same_secret(tmp_path: Path):
    with ProcessPoolExecutor(4) as processes:
        assert len(set(processes.map(made_in_another_process, [tmp_path] * 16))) == 1


def test_a_damaged_file_of_secrets_is_never_overwritten(tmp_path: Path):
    secret_file.path(tmp_path).write_text("{", encoding="utf-8")
    with pytest.raises(SettingsError, match="is not JSON"):
        _ = read({"DATA_DIR": str(tmp_path)}).github_webhook_secret
    assert secret_file.path(tmp_path).read_text(encoding="utf-8") == "{"


def test_the_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        read({}).port = 1


def test_docs_settings_md_is_current():
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == settings_page.markdown(), "make settings-docs"


def test_every_name_that_the_example_environment_sets_is_a_setting_or_one_of_the_containers():
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    containers = {*re.findall(r"\$\{(\w+)", compose), "COMPOSE_FILE", "COMPOSE_PROFILES"}
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    named = {line.lstrip("# ").split("=")[0] for line in lines if "=" in line and not line.startswith("# ")}
    assert named <= {name for name, _, _ in settings.fields()} | containers


def test_a_bucket_is_addressed_by_path_on_servers_of_ones_own_and_by_name_at_amazon():
    own = log_place("s3://logs/ci/x?endpoint=http://minio:9000&region=here-1")
    assert own == LogPlace("", "logs", "ci/x", "http://minio:9000", "here-1", path_style=True)
    assert log_place("s3://logs?endpoint=http://minio:9000&path_style=0&links=1")[-2:] == (False, True)
    assert log_place("s3://logs/") == LogPlace("", "logs", "", "https://s3.us-east-1.amazonaws.com", "us-east-1")
    assert log_place("file:///var/lib/ci%20logs") == LogPlace(folder="/var/lib/ci logs")
