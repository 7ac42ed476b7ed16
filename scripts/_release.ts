// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a release must have, and the dist-tag that it takes on npm. The workflow
 * `publish` asks by `check_release.ts`.
 *
 * @module
 */

/** A version: its three numbers, and the parts of what makes it a prerelease. */
interface Version {
  numbers: number[];
  prerelease: string[];
}

const VERSION_REGEXP =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([\da-z-]+(?:\.[\da-z-]+)*))?$/i;
const DATE_REGEXP = /^\d{4}-\d{2}-\d{2}$/;

/**
 * Chooses the dist-tag of a version on npm. A prerelease takes `next`. A version that is
 * older than the latest, such as a patch of an older major, takes a tag of its own line:
 * `latest-1`, or `latest-0.2` before 1.0.0.
 *
 * @param version The version that is released.
 * @param latest The version that `latest` names, if npm has the package.
 * @returns A tag that is no range of versions, which npm would refuse.
 * @throws {SyntaxError} If one is not a version.
 */
export function chooseDistTag(version: string, latest?: string): string {
  const parsed = parseVersion(version);
  const base = parsed.prerelease.length > 0 ? "next" : "latest";
  const isOlder = latest !== undefined &&
    compareVersions(parsed, parseVersion(latest)) < 0;
  if (!isOlder) return base;
  // Cannot fail: a version has three numbers.
  const [major, minor] = parsed.numbers as [number, number, number];
  return `${base}-${major > 0 ? major : `${major}.${minor}`}`;
}

/**
 * Checks that a release is whole.
 *
 * @param gitTag The name of the tag that was pushed.
 * @param version The version of `deno.json`.
 * @param changelog The text of `CHANGELOG.md`.
 * @throws {Error} If the tag is that of another version, or `CHANGELOG.md` has no dated
 * section with text for it.
 */
export function checkRelease(
  gitTag: string,
  version: string,
  changelog: string,
): void {
  const cannot = `Cannot release ${version}:`;
  if (gitTag !== `v${version}`) {
    throw new Error(
      `${cannot} expected the tag "v${version}", got ${quote(gitTag)}`,
    );
  }
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => text.startsWith(`[${version}]`));
  if (section === undefined) {
    throw new Error(`${cannot} CHANGELOG.md has no section [${version}]`);
  }
  const [heading = "", ...lines] = section.split("\n");
  const date = heading.slice(`[${version}] - `.length);
  if (!heading.startsWith(`[${version}] - `) || !isDate(date)) {
    throw new Error(
      `${cannot} expected "[${version}] - " and a date in CHANGELOG.md, got ${
        quote(heading)
      }`,
    );
  }
  if (!lines.some((line) => /^- \S/.test(line))) {
    throw new Error(`${cannot} its section in CHANGELOG.md is empty`);
  }
}

function isDate(text: string): boolean {
  if (!DATE_REGEXP.test(text)) return false;
  const date = new Date(text);
  // A day that the month lacks is the first of the next one.
  return !Number.isNaN(date.valueOf()) &&
    date.toISOString().startsWith(text);
}

function parseVersion(text: string): Version {
  const match = VERSION_REGEXP.exec(text);
  if (match === null) {
    throw new SyntaxError(
      `Cannot choose dist-tag: expected a version, got ${quote(text)}`,
    );
  }
  return {
    numbers: match.slice(1, 4).map(Number),
    prerelease: match[4]?.split(".") ?? [],
  };
}

/** Below 0 if `a` comes before `b`: a prerelease comes before its release. */
function compareVersions(a: Version, b: Version): number {
  for (const [i, number] of a.numbers.entries()) {
    const difference = number - b.numbers[i]!;
    if (difference !== 0) return difference;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0) {
    return b.prerelease.length - a.prerelease.length;
  }
  return comparePrereleases(a.prerelease, b.prerelease);
}

/** Numbers are compared as numbers, and come before words. */
function comparePrereleases(a: string[], b: string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (x === y) continue;
    const [isNumber, isOtherNumber] = [x, y].map((part) => /^\d+$/.test(part));
    if (isNumber && isOtherNumber) return Number(x) - Number(y);
    if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
    return x < y ? -1 : 1;
  }
  return a.length - b.length;
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
