// For `node --import`: a machine whose WebCrypto has no Ed25519, as older browsers are.

import "../../verify/browser/webcrypto.mjs";

crypto.subtle.importKey = () => Promise.reject(new DOMException("Unrecognized algorithm name", "NotSupportedError"));
