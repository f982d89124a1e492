"""Shelf: the CI systems that send us events, one file each. To add one, see docs/extending.md."""

from __future__ import annotations

from cicd_health.providers import github, jenkins
from cicd_health.providers.provider import Provider

PROVIDERS: dict[str, Provider] = {provider.slug: provider for provider in (github.PROVIDER, jenkins.PROVIDER)}
