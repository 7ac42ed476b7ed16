// Copyright 2026 the Tidings authors. MIT license.

/**
 * What all logs over one client share, such as the connection of a database.
 *
 * @module
 */

/** Gives a function that makes something for each client, once. */
export function onceEach<Client extends object, T>(
  make: (client: Client) => T,
): (client: Client) => T {
  const made = new WeakMap<Client, T>();
  return (client) => {
    let found = made.get(client);
    if (found === undefined) {
      found = make(client);
      made.set(client, found);
    }
    return found;
  };
}
