/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Has polkit ask for a password at this terminal, where it would have nobody to ask: as systemctl(1) does it.
 */

/* Before a call that changes something. Starts pkttyagent(1) once, unless root calls or no person is at the
 * terminal, and returns when it is ready; that it is not installed is no error, the call is refused then. It
 * ends with this process. */
void agent_start(void);
