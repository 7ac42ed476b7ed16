// Copyright 2026 the Tidings authors. MIT license.

/** When a log drops old events, with a clock of the test's own. */

import { assert, assertEquals } from "@std/assert";
import {
  Retention,
  type RetentionBounds,
} from "../../logs/_engine/retention.ts";
import { FakeTime } from "../support/fake_time.ts";
import { recordWarnings } from "../support/warnings.ts";

const MINUTE = 60_000;
/** How often a follower looks. */
const LOOK = 30_000;
const ALL: RetentionBounds = {
  maxEvents: Infinity,
  maxBytes: Infinity,
  maxAge: Infinity,
};

/** Lets time pass while a follower looks. */
async function follow(
  time: FakeTime,
  retention: Retention,
  milliseconds: number,
  onLook: () => void = () => {},
): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += LOOK) {
    time.pass(LOOK);
    onLook();
    await retention.dropIfDue();
  }
}

Deno.test("Retention drops nothing where everything is kept", async () => {
  using time = new FakeTime();
  let drops = 0;
  const retention = new Retention(ALL, () => Promise.resolve(void drops++));
  await follow(time, retention, 60 * MINUTE, () => retention.note(["a"]));
  assertEquals(drops, 0);
});

for (const maxAge of [1, 1000, MINUTE, 5 * MINUTE, 60 * MINUTE]) {
  Deno.test(`Retention by an age of ${maxAge} ms drops once a minute at most while nothing comes, and no more once all has left`, async () => {
    using time = new FakeTime();
    let drops = 0;
    const retention = new Retention(
      { ...ALL, maxAge },
      () => Promise.resolve(void drops++),
    );
    retention.note(["a"]);
    await retention.dropIfDue();
    assertEquals(drops, 1);
    const minutes = Math.ceil(1.2 * maxAge / MINUTE) + 1;
    await follow(time, retention, minutes * MINUTE);
    assert(drops >= 2, `${drops}`);
    // The first, one in each minute, and the last.
    assert(drops <= minutes + 2, `${drops}`);
    drops = 0;
    await follow(time, retention, 24 * 60 * MINUTE);
    assertEquals(drops, 0);
    // The next event leaves as the first did.
    retention.note(["b"]);
    await follow(time, retention, 1.2 * maxAge + 2 * MINUTE);
    assert(drops >= 1);
    const last = drops;
    await follow(time, retention, 24 * 60 * MINUTE);
    assertEquals(drops, last);
  });
}

Deno.test("Retention by age drops again and again while events come", async () => {
  using time = new FakeTime();
  let drops = 0;
  const retention = new Retention(
    { ...ALL, maxAge: MINUTE },
    () => Promise.resolve(void drops++),
  );
  await follow(time, retention, 60 * MINUTE, () => retention.note(["a"]));
  assertEquals(drops, 120);
});

Deno.test("Retention tries again what has failed, and tells it once", async () => {
  using time = new FakeTime();
  using recorder = recordWarnings();
  let drops = 0;
  const retention = new Retention({ ...ALL, maxAge: 1000 }, () => {
    drops++;
    return Promise.reject(new Error("no server"));
  });
  retention.note(["a"]);
  await follow(time, retention, 10 * MINUTE);
  assertEquals(drops, 20);
  assertEquals(recorder.codes, ["TIDINGS_LOG"]);
});

Deno.test("Retention does not wait for ever for a drop that is not answered", async () => {
  using time = new FakeTime();
  const answers: (() => void)[] = [];
  const retention = new Retention(
    { ...ALL, maxAge: 1000 },
    () =>
      new Promise((resolve) => {
        answers.push(resolve);
      }),
  );
  const look = async (): Promise<void> => {
    retention.note(["a"]);
    const looked = retention.dropIfDue();
    // It waits for a second at most.
    time.pass(LOOK);
    await looked;
  };
  for (let looks = 0; looks < 20; looks++) await look();
  assertEquals(answers.length, 10);
  // A late answer to the first one does not end the last one.
  answers[0]?.();
  await Promise.resolve();
  await look();
  await look();
  assertEquals(answers.length, 11);
  for (const answer of answers) answer();
  await look();
  await look();
  assertEquals(answers.length, 12);
});
