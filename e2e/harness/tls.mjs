// Whether servers speak TLS: with ALERT_TEST_TLS, a folder with cert.pem and key.pem. Its certificate has to be in
// NODE_EXTRA_CA_CERTS, which Node.js reads only when it starts.

import { join } from "node:path";

const folder = process.env.ALERT_TEST_TLS;

const [cert, key] = ["cert.pem", "key.pem"].map((name) => join(folder ?? "", name));

/** `env` is what a command needs that connects to them. */
export const TLS = folder
  ? { scheme: "https", flags: ["--tls-cert", cert, "--tls-key", key], env: { SSL_CERT_FILE: cert } }
  : { scheme: "http", flags: [], env: {} };
