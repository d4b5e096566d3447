// Node before 20 has WebCrypto, but does not call it by its global name.

import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto;
