// Copyright 2026 the Tidings authors. MIT license.

/**
 * Makes the links of a document absolute, for `_npm_package.ts` and `absolute_links.ts`: the
 * packages on npm and JSR have the README, but not the guides, examples and pictures to which
 * it links.
 *
 * @module
 */

/** The version of the repository to which links lead. */
export interface RepositoryVersion {
  /** The URL of the repository's page, without a slash at the end. */
  repositoryUrl: string;
  /** The tag of the release. */
  tag: string;
}

/** A code block or code, which stays; or the text before the target of a link, and the target. */
const LINK_REGEXP =
  /^( *)```[^]*?^\1```$|(`+)[^`]+\2(?!`)|(!?\[[^[\]]*\]\(|\]\(|^ *\[[^\]]+\]: +)([^)\s]+)/gm;
/** Begins with a scheme, or with a part of the document itself. */
const ABSOLUTE_REGEXP = /^(?:[a-z][a-z\d+.-]*:|#|\/)/i;

/**
 * Makes the links of a document in Markdown absolute. Links to a part of the document
 * itself, code and what is absolute stay as they are.
 *
 * @param text The document, which is at the top level of the repository.
 * @returns The document with links to the files as they are in that version.
 */
export function toAbsoluteLinks(
  text: string,
  { repositoryUrl, tag }: RepositoryVersion,
): string {
  return text.replaceAll(
    LINK_REGEXP,
    (match: string, _indent, _ticks, before?: string, target?: string) => {
      if (before === undefined || target === undefined) return match;
      if (ABSOLUTE_REGEXP.test(target)) return match;
      // `raw` gives the bytes of a picture, `blob` the page that shows a file.
      const view = before.startsWith("!") ? "raw" : "blob";
      return `${before}${repositoryUrl}/${view}/${tag}/${target}`;
    },
  );
}
