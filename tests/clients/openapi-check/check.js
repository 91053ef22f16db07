// Reads an OpenAPI document from stdin, and ends with 1 and the reason when it is not valid.
import SwaggerParser from "@apidevtools/swagger-parser";
import { readFileSync } from "node:fs";

try {
  const api = await SwaggerParser.validate(JSON.parse(readFileSync(0, "utf8")));
  console.log(`OpenAPI ${api.openapi}: ${Object.keys(api.paths).length} paths`);
} catch (e) {
  console.error(e.message);
  process.exit(1);
}
