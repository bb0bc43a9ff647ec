// cidr-tools' mergeCidr. Arguments: cache folder, list.
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {pathToFileURL} from "node:url";

const [cache, list] = process.argv.slice(2);
const {mergeCidr} = await import(pathToFileURL(createRequire(`${cache}/`).resolve("cidr-tools")));
const merged = mergeCidr(readFileSync(list, "utf8").trim().split("\n"));
process.stdout.write(merged.map(net => `${net}\n`).join(""));
