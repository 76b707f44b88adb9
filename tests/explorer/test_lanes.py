"""Requests one after the other."""

import asyncio
import time

import pytest

from audio_vae.explorer import lanes
from audio_vae.explorer.lanes import Busy, Gone, Lane


async def here():
    return False


async def gone():
    return True


def test_answers_come_in_the_order_of_the_requests():
    async def many():
        lane, done = Lane("test"), []
        # The first takes longest, so that the order is none of chance.
        await asyncio.gather(
            *(lane.run(lambda n=n: (time.sleep(0.03 if n == 0 else 0), done.append(n)), here) for n in range(20))
        )
        lane.close()
        return done

    assert asyncio.run(many()) == list(range(20))


def test_who_is_gone_is_not_worked_for_and_who_is_too_many_is_sent_away(monkeypatch):
    monkeypatch.setattr(lanes, "MOST_WAITING", 2)

    async def some():
        lane, done = Lane("test"), []
        first = asyncio.create_task(lane.run(lambda: time.sleep(0.05), here))
        second = asyncio.create_task(lane.run(lambda: done.append("second"), gone))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await lane.run(lambda: done.append("third"), here)
        await first
        with pytest.raises(Gone):
            await second
        await lane.run(lambda: done.append("fourth"), here)
        lane.close()
        return done

    assert asyncio.run(some()) == ["fourth"]


def test_an_error_of_the_work_is_raised_and_the_next_goes_on():
    async def two():
        lane = Lane("test")
        with pytest.raises(ZeroDivisionError):
            await lane.run(lambda: 1 / 0, here)
        made = await lane.run(lambda: 7, here)
        lane.close()
        return made

    assert asyncio.run(two()) == 7
