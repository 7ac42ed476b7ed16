// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals } from "@std/assert";
import { Leader } from "../../shared/_leader.ts";
import { RecentEvents } from "../../shared/_recent_events.ts";
import { FakeTime } from "../support/fake_time.ts";

for (const isFirst of [true, false]) {
  Deno.test(`Leader.close() before the connection is made leaves no timer, ${isFirst ? "without" : "with"} a leader before it`, () => {
    using time = new FakeTime();
    let requests = 0;
    const fetch = () => {
      requests++;
      return Promise.reject(new Error("There is no server"));
    };
    const leader = new Leader({
      url: "http://localhost/",
      options: { fetch },
      recent: new RecentEvents(""),
      post() {},
      receive() {},
      changeState() {},
    }, isFirst);
    assertEquals(time.timers.size, 1);
    leader.close();
    assertEquals(time.timers.size, 0);
    time.pass(1000);
    assertEquals(requests, 0);
  });
}
