// "Why was I drawn, why was I not": what every draw says of one business, recomputed from the seed alone (SPEC 10).

import { hex } from "./lib/bytes.js";
import { lines } from "./lib/lists.js";
import { subkey } from "./lib/seed.js";
import { ticket } from "./lib/selection.js";

/**
 * Return [{draw, plan, item, stratum, excluded, ticket, threshold, n, k, drawn, rank, inspectors}] for the business `id`, of
 * all draws whose pool names it. `ticket` and `threshold` are hex or null; `drawn` is null as long as nothing was drawn.
 */
export async function selfCheck(log, id) {
  const told = [];
  for (const draw of log.draws.all.values()) {
    const line = draw.freeze && (await poolLine(log, draw, id));
    if (!line) continue;
    const own = draw.seed ? hex(ticket(subkey(draw.seed, "object"), id)) : null;
    const { n = null, k = null, threshold = null } = draw.strata?.[line.stratum] ?? {};
    const due = own === null || !draw.strata ? null : !line.excluded && threshold !== null && own <= threshold;
    told.push({
      draw: draw.stream,
      plan: draw.plan,
      item: draw.item,
      stratum: line.stratum,
      excluded: line.excluded ?? null,
      ticket: own,
      threshold,
      n,
      k,
      drawn: due,
      listed: draw.drawn ? draw.drawn.has(id) : null,
      rank: draw.drawn?.get(id)?.rank ?? null,
      inspectors: draw.teams?.get(id)?.inspectors ?? null,
    });
  }
  return told;
}

async function poolLine(log, draw, id) {
  const bytes = await log.documents.again(draw.poolReference);
  if (!bytes) return null;
  for (const { value } of lines(bytes)) if (value.id === id) return value;
  return null;
}
