// Copyright 2026 the Tidings authors. MIT license.

/**
 * Finds where newcomers with a `replay` begin: so many events before the end as they
 * get, whatever else the log has in between. The broadcaster has one, and subscribers ask
 * it.
 *
 * @module
 */

import type { Group } from "./group.ts";
import type { LogFeed } from "./log_feed.ts";
import { LogPage, ReplayMatches, type Stretch } from "./replay_matches.ts";
import { SlicedQueue } from "./sliced_queue.ts";

/** A subscriber that waits for its first cursor. */
export interface Newcomer {
  /** Whether it needs no cursor any more. */
  readonly isClosed: boolean;
  /** Begins after a cursor. */
  startAt(cursor: string): void;
  /** Ends the stream, since its filter has thrown. */
  fail(error: unknown): void;
}

/** What the newcomers of one group with the same `replay` have in common. */
interface Search {
  /** How many events they get; may be `Infinity`. */
  readonly count: number;
  readonly newcomers: Newcomer[];
  /** The end when the first of them came; `undefined` before the log was followed. */
  readonly end: string | undefined;
  /** `undefined` if everything counts: then no event has to be looked at. */
  readonly matches: ReplayMatches | undefined;
}

/** A search that looks at events. */
type ChoosySearch = Search & { readonly matches: ReplayMatches };

/** The least events before the end that are looked at. */
const MIN_LIMIT = 1000;
/** How many events are looked at for each event that a newcomer is to get. */
const LIMIT_FACTOR = 20;
/** Bytes of events, as the log counts them, that one reading gives. */
const PAGE_BYTES = 262_144;
/** Milliseconds between two readings: newcomers that come in between share the second. */
const PAUSE = 5;

/**
 * Searches for all newcomers of a channel. Those that come at once share one reading of
 * the log, and those of one group one search.
 */
export class ReplaySearch {
  readonly #feed: LogFeed;
  /** Searches that wait for the next reading, by group and count. */
  readonly #waiting = new Map<string, Search>();
  /** What is done in slices: events are looked at, and newcomers begin. */
  readonly #tasks = new SlicedQueue<() => void>((task) => task());
  /** Aborted when no subscriber is left; set while searches are under way. */
  #reading: AbortController | undefined;

  /** @param feed Has the newest events in memory, and reads older ones. */
  constructor(feed: LogFeed) {
    this.#feed = feed;
  }

  /**
   * Finds where a newcomer begins, which is then told.
   *
   * @param count How many events it gets; may be `Infinity`.
   */
  find(group: Group, count: number, newcomer: Newcomer): void {
    const key = `${group.number} ${count}`;
    const search = this.#waiting.get(key);
    if (search === undefined) {
      const limit = Math.max(MIN_LIMIT, LIMIT_FACTOR * count);
      const matches = group.getsAll || count === Infinity
        ? undefined
        : new ReplayMatches(group, count, limit);
      const end = this.#feed.endCursor;
      this.#waiting.set(key, { count, newcomers: [newcomer], end, matches });
    } else {
      search.newcomers.push(newcomer);
    }
    if (this.#reading === undefined) this.#run();
  }

  /** Ends all searches, since no subscriber is left. */
  clear(): void {
    this.#waiting.clear();
    this.#tasks.clear();
    this.#reading?.abort();
    this.#reading = undefined;
  }

  async #run(): Promise<void> {
    const reading = new AbortController();
    const { signal } = reading;
    this.#reading = reading;
    // Newcomers of the same event loop turn share the first reading too.
    await this.#feed.filled;
    while (!signal.aborted && this.#waiting.size > 0) {
      const searches = [...this.#waiting.values()];
      this.#waiting.clear();
      await this.#count(searches, signal);
      await this.#look(searches.filter(isChoosy), signal);
      if (!signal.aborted) await this.#tasks.run();
      // Without a pause, a log that answers at once is read for each newcomer of a herd.
      if (!signal.aborted) await pause(signal);
    }
    if (!signal.aborted) this.#reading = undefined;
  }

  /** Concludes the searches in which everything counts, one reading for each count. */
  async #count(
    searches: readonly Search[],
    signal: AbortSignal,
  ): Promise<void> {
    const cursors = new Map<number, string>();
    for (const search of searches) {
      if (isChoosy(search)) continue;
      const { count } = search;
      const cursor = cursors.get(count) ?? await this.#rewind(count, signal);
      if (cursor === undefined) return;
      cursors.set(count, cursor);
      this.#answer(search, cursor);
    }
  }

  /** Concludes the searches that look at events: in memory, or by reading the log. */
  async #look(
    searches: readonly ChoosySearch[],
    signal: AbortSignal,
  ): Promise<void> {
    const rest: ChoosySearch[] = [];
    for (const search of searches) {
      this.#tasks.add(() => {
        if (!this.#searchMemory(search)) rest.push(search);
      });
    }
    await this.#tasks.run();
    // Where newcomers get most of the events, the latest ones are enough.
    const sparse = await this.#walk(rest, ({ count }) => count, signal);
    await this.#walk(sparse, ({ limit }) => limit, signal);
  }

  /** Searches the live segment, and returns whether that goes back far enough. */
  #searchMemory(search: ChoosySearch): boolean {
    const { matches } = search;
    const { liveSegment: segment } = this.#feed;
    const { end, endCursor } = segment;
    const begin = Math.max(segment.begin, end - matches.limit);
    if (!collect(search, segment, begin, end, 0)) return true;
    const isEnough = begin === end - matches.limit || matches.isComplete;
    const cursor = matches.findStart(end - begin) ?? endCursor;
    // Only the log can name the cursor at which the segment begins after a gap.
    if (isEnough && cursor !== "") {
      this.#answer(search, cursor);
      return true;
    }
    matches.clear();
    return false;
  }

  /**
   * Looks at the latest events of the log, once for all searches.
   *
   * @param distanceOf How many events have to be looked at.
   * @returns The searches that may find more further back. The others are concluded.
   */
  async #walk(
    searches: readonly ChoosySearch[],
    distanceOf: (matches: ReplayMatches) => number,
    signal: AbortSignal,
  ): Promise<readonly ChoosySearch[]> {
    if (searches.length === 0) return [];
    let distance = 0;
    for (const { matches } of searches) {
      distance = Math.max(distance, distanceOf(matches));
    }
    let cursor = await this.#rewind(distance, signal);
    let total = 0;
    // Events that come while the others are read are no past events.
    while (cursor !== undefined && total < distance) {
      const found = await this.#read(cursor, signal);
      if (found === undefined) return [];
      const { stretch, position } = found;
      const end = Math.min(stretch.end, position + distance - total);
      // It may be the end of another history than the one that the cursor is of.
      const next = stretch.cursorOf(end);
      if (position < end) await this.#collect(searches, found, end, total);
      total += end - position;
      cursor = next;
      if (position === end) break;
    }
    if (cursor === undefined || signal.aborted) return [];
    // The whole history may be shorter.
    const isAll = total < distance;
    const sparse: ChoosySearch[] = [];
    for (const search of searches) {
      const { matches } = search;
      if (isAll || matches.isComplete || distance >= matches.limit) {
        this.#answer(search, matches.findStart(total) ?? cursor);
      } else {
        matches.clear();
        sparse.push(search);
      }
    }
    return sparse;
  }

  async #collect(
    searches: readonly ChoosySearch[],
    { stretch, position }: StretchLocation,
    end: number,
    index: number,
  ): Promise<void> {
    for (const search of searches) {
      this.#tasks.add(() => {
        collect(search, stretch, position, end, index);
      });
    }
    await this.#tasks.run();
  }

  #rewind(count: number, signal: AbortSignal): Promise<string | undefined> {
    return this.#feed.rewind(count, () => !signal.aborted);
  }

  /**
   * Finds the events after a cursor. Newcomers read them again from where they begin: kept
   * for that, they would take memory for events that nobody gets.
   *
   * @returns Where they are; `undefined` if they are not needed any more.
   */
  async #read(
    cursor: string,
    signal: AbortSignal,
  ): Promise<StretchLocation | undefined> {
    const { liveSegment, reader } = this.#feed;
    const isNeeded = (): boolean => !signal.aborted;
    while (isNeeded()) {
      const position = liveSegment.find(cursor);
      if (position !== undefined) return { stretch: liveSegment, position };
      const bounds = { maxBytes: PAGE_BYTES };
      const batch = await reader.read(cursor, bounds, isNeeded);
      if (batch === undefined) continue;
      return { stretch: new LogPage(cursor, batch), position: 0 };
    }
    return undefined;
  }

  #answer(
    { newcomers, end = this.#feed.startCursor }: Search,
    cursor: string,
  ): void {
    // What came during the search may have been counted. It is no past event, and the
    // newcomers get all of it.
    const isPast = end === undefined || !this.#feed.isAfter(cursor, end);
    const start = isPast ? cursor : end;
    for (const newcomer of newcomers) {
      this.#tasks.add(() => {
        if (!newcomer.isClosed) newcomer.startAt(start);
      });
    }
  }
}

/** A position, and the stretch that has it. */
interface StretchLocation {
  readonly stretch: Stretch;
  readonly position: number;
}

/** Waits between two readings, at most until a signal is aborted. */
function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, PAUSE);
    signal.addEventListener("abort", end);
  });
}

function isChoosy(search: Search): search is ChoosySearch {
  return search.matches !== undefined;
}

/** Looks at events. If a filter throws, the newcomers end, and it returns `false`. */
function collect(
  { matches, newcomers }: ChoosySearch,
  stretch: Stretch,
  from: number,
  to: number,
  index: number,
): boolean {
  try {
    matches.collect(stretch, from, to, index);
    return true;
  } catch (error) {
    for (const newcomer of newcomers.splice(0)) newcomer.fail(error);
    return false;
  }
}
