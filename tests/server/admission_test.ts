// Copyright 2026 the Tidings authors. MIT license.

/** How the clients of a key are counted; channels and sockets test what a limit does. */

import { assertEquals } from "@std/assert";
import { Admission } from "../../_server/admission.ts";

Deno.test("Admission forgets a key when its last client has left", () => {
  const admission = new Admission();
  const leaveFirst = admission.enter("ada");
  const leaveSecond = admission.enter("ada");
  leaveFirst();
  assertEquals(admission.keys, 1);
  leaveSecond();
  assertEquals(admission.keys, 0);
});

Deno.test("Admission keeps nothing of the keys that come and go", () => {
  const admission = new Admission();
  for (let user = 0; user < 1000; user++) admission.enter(`user ${user}`)();
  assertEquals(admission.keys, 0);
});
