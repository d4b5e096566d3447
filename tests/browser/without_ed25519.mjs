// For `node --import`: a machine whose WebCrypto has no Ed25519, as older browsers are.

crypto.subtle.importKey = () => Promise.reject(new DOMException("Unrecognized algorithm name", "NotSupportedError"));
