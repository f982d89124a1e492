"""The command replay: kept deliveries are applied again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from cicd_health import flow
from cicd_health.cli.bars import bars
from cicd_health.cli.database import migrate
from cicd_health.cli.ending import AsJson, Code, fail, now, one_sentence, print_json, say
from cicd_health.flow import Receipt
from cicd_health.model.deliveries import DeliveryState
from cicd_health.store import deliveries, engine

WELL = (DeliveryState.APPLIED, DeliveryState.IGNORED)


def replay(
    delivery: Annotated[
        int | None, typer.Argument(help="Number of the delivery, as the Deliveries page shows it.")
    ] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="All that were not understood, or that failed here.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Apply a kept delivery again, or all that failed. The exit code is 1 when one of them still makes no sense."""
    if (delivery is None) != failed:
        fail("Name a delivery, or say --failed.")
    with one_sentence():
        migrate()
        receipts = [_again(delivery)] if delivery is not None else list(_all_failed())
    if as_json:
        print_json({"deliveries": [_facts(receipt) for receipt in receipts]})
    else:
        for receipt in receipts:
            error = f", {receipt.error}" if receipt.error else ""
            typer.echo(f"Delivery {receipt.delivery_id}: {receipt.state}{error}")
    if failed:
        say(f"{len(receipts):,} deliveries applied again, {sum(map(_is_well, receipts)):,} of them with success.")
    raise typer.Exit(Code.DONE if all(map(_is_well, receipts)) else Code.WRONG)


def _again(delivery: int) -> Receipt:
    try:
        return flow.replay(delivery, now())
    except KeyError:
        fail(f"There is no delivery {delivery}.")


def _all_failed() -> Iterator[Receipt]:
    with engine.reading() as session:
        ids = deliveries.in_trouble(session)
    with bars() as progress:
        for delivery in progress.track(ids, description="Deliveries"):
            yield _again(delivery)


def _is_well(receipt: Receipt) -> bool:
    return receipt.state in WELL


def _facts(receipt: Receipt) -> dict[str, object]:
    return {"delivery": receipt.delivery_id, "state": str(receipt.state), "error": receipt.error}
