// Copyright 2026 the Tidings authors. MIT license.

/** Events as services send them, seeded, of the sizes that TARGETS names. */

import type { ServerSentEventInit } from "../../event.ts";
import { Page } from "../../tests/compression/_page_model.ts";
import { Random } from "../../tests/support/random.ts";

/** The names of the workloads. */
export const WORKLOADS = ["prices", "chat", "scores"] as const;

/** One of them, or a page of 33 KB, of which one row of 400 changes. */
export type CompressionWorkload = typeof WORKLOADS[number] | "page";

const SEED = 20260101;
const SYMBOLS = ["AAPL", "AMZN", "GOOG", "MSFT", "NVDA", "TSLA"];
const TEAMS = ["Arsenal", "Boca Juniors", "Celtic", "Dortmund", "Everton"];
const WORDS =
  "the of and to in is that it was for on are as with his they at be this from have or by one had not but what all were when we there can an your which their said if do will each about how up out them then she many some so these would other into has more her two like him see time could no make than first been its who now people my made over did down only way find use may water long little very after words called just where most know"
    .split(" ");

/**
 * Makes a source of events, the same for the same name.
 *
 * @returns Gives the next event. Each has its own ID, as in a channel.
 */
export function createEvents(
  name: CompressionWorkload,
): () => ServerSentEventInit {
  const random = new Random(SEED);
  const make = MAKERS[name](random);
  let id = 0;
  return () => ({ ...make(), id: `mb2x1k7f-${++id}` });
}

const MAKERS: Record<
  CompressionWorkload,
  (random: Random) => () => ServerSentEventInit
> = {
  prices(random) {
    const prices = SYMBOLS.map(() => 10_000 + random.below(20_000));
    let time = 1_767_225_600_000;
    return () => {
      const index = random.below(SYMBOLS.length);
      const change = random.below(101) - 50;
      // The index is one of the list.
      const price = prices[index] = prices[index]! + change;
      time += random.below(200);
      return {
        event: "price",
        data: JSON.stringify({
          symbol: SYMBOLS[index],
          price: price / 100,
          change: change / 100,
          volume: random.below(10_000),
          time,
        }),
      };
    };
  },
  chat: (random) => () => ({
    data: JSON.stringify({
      id: "chatcmpl-9f8e7d6c5b4a3f2e",
      object: "chat.completion.chunk",
      created: 1_767_225_600,
      model: "large-2026-01-01",
      system_fingerprint: "fp_44709d6fcb",
      choices: [{
        index: 0,
        delta: { content: ` ${random.pick(WORDS)}` },
        logprobs: null,
        finish_reason: null,
      }],
    }),
  }),
  page() {
    const page = new Page(SEED);
    return () => ({ event: "patch", data: page.nextData() });
  },
  scores(random) {
    const matches = TEAMS.map((home, index) => ({
      match: 48_000 + index,
      home,
      away: TEAMS[(index + 1) % TEAMS.length],
      score: [0, 0] as [number, number],
    }));
    let seconds = 0;
    return () => {
      const match = random.pick(matches);
      seconds += random.below(7);
      const kind = random.onceIn(40)
        ? "goal"
        : random.pick(["shot", "corner", "foul", "throw-in"]);
      if (kind === "goal") match.score[random.below(2)]!++;
      return {
        event: "score",
        data: JSON.stringify({
          ...match,
          minute: Math.floor(seconds / 60),
          second: seconds % 60,
          kind,
          possession: 30 + random.below(41),
        }),
      };
    };
  },
};
