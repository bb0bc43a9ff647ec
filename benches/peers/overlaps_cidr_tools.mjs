// The number of overlapping pairs by cidr-tools' overlapCidr, which answers for two. Arguments: cache folder, list.
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {pathToFileURL} from "node:url";

const [cache, list] = process.argv.slice(2);
const {overlapCidr} = await import(pathToFileURL(createRequire(`${cache}/`).resolve("cidr-tools")));
const nets = readFileSync(list, "utf8").trim().split("\n");
let pairs = 0;
for (let i = 0; i < nets.length; i++) {
  for (let j = i + 1; j < nets.length; j++) {
    if (overlapCidr(nets[i], nets[j])) pairs++;
  }
}
console.log(pairs);
