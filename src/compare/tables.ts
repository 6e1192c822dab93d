import { isError, measureOf, type Primary } from '../data/index.js'
import { HearsayError } from '../errors.js'
import { shown } from '../foreign.js'
import type { Manifest } from '../node/index.js'
import { differingFields, type Fields, fieldsOf, labelOf, namingFields, textOf } from './fields.js'
import type { KeptRun } from './runs.js'
import type { ComparedTable, ComparedVariant } from './shape.js'
import { bootstrapInterval } from './statistics.js'
import { type Goal, isBetter, targetOf, variantOf } from './variant.js'

/** Runs whose figures can be compared: they learn the same from the same data set, in the same measure. */
export function comparableRuns(runs: readonly KeptRun[]): KeptRun[][] {
  return grouped(runs, ({ manifest }) => learnedOf(manifest))
}

function learnedOf({ data }: Manifest): string {
  return JSON.stringify([measureOf(data), data.set, data.test, data.label, data.target, data.superResolution])
}

/** The figures that runs show first, each once. */
export function primariesIn(runs: readonly KeptRun[]): Primary[] {
  return [...new Set(runs.map(({ manifest }) => manifest.evaluation.primary ?? 'accuracy'))]
}

/**
 * The table of comparable runs, by the figure that all show first; where they do not agree, by their measure.
 *
 * @param baseline - number of a variant, from 1, or the best
 * @param among - manifests of all runs that these belong to
 */
export function tableOf(
  runs: readonly KeptRun[],
  baseline: number | 'best',
  among: readonly Manifest[] = [],
): ComparedTable {
  const [{ manifest }] = runs as [KeptRun]
  const { data } = manifest
  const [first, ...others] = primariesIn(runs)
  const primary = others.length === 0 ? first! : 'accuracy'
  const goal: Goal = { primary, isError: isError(primary), target: targetOf(runs, primary) }
  const groups = grouped(runs, run => JSON.stringify([...fieldsOfRun(run)].sort()))
  const all = groups.map(([run]) => fieldsOfRun(run!))
  const fields = differingFields(all)
  const alike = among.filter(other => learnedOf(other) === learnedOf(manifest)).map(other => fieldsOfManifest(other))
  // Each by itself: a run's manifest may have what its data have settled, and one that is planned has not.
  const naming = [...new Set([alike, all].flatMap(of => namingFields(of, differingFields(of))))]
  // A variant alone is called by its method.
  const named = naming.length === 0 ? ['merge.method'] : naming
  const variants = groups.map((group, at) => ({
    label: labelOf(all[at]!, named),
    values: fields.map(path => textOf(all[at]!, path)),
    ...variantOf(group, goal),
  }))
  const base = baselineOf(variants, baseline, goal)
  return {
    data: [data.set, data.target ?? data.label]
      .filter(name => name !== undefined)
      .map(name => shown(String(name)))
      .join(', '),
    measure: measureOf(data),
    ...goal,
    fields,
    named,
    variants: variants.map((variant, at) => ({
      ...variant,
      difference: at === base ? null : differenceOf(variant, variants[base]!),
    })),
    baseline: base,
  }
}

/** In the order of the first of each group. */
function grouped(runs: readonly KeptRun[], keyOf: (run: KeptRun) => string): KeptRun[][] {
  const groups = new Map<string, KeptRun[]>()
  for (const run of runs) {
    const key = keyOf(run)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [run])
    else group.push(run)
  }
  return [...groups.values()]
}

/** What makes a run another than one of another seed. The figure that is shown first changes no number. */
function fieldsOfRun({ manifest, isSimulation, faults }: KeptRun): Fields {
  return fieldsOfManifest(manifest, isSimulation, faults)
}

function fieldsOfManifest(manifest: Manifest, isSimulation = true, faults?: KeptRun['faults']): Fields {
  const { seed: _seed, evaluation, ...rest } = manifest
  const { primary: _primary, ...tests } = evaluation
  return fieldsOf({ where: isSimulation ? 'simulation' : 'field', ...rest, evaluation: tests, faults })
}

type Undifferenced = Omit<ComparedVariant, 'difference'>

function baselineOf(variants: readonly Undifferenced[], baseline: number | 'best', goal: Goal): number {
  if (baseline === 'best') {
    return variants.reduce((best, { figures: { quality } }, at) => {
      const known = variants[best]!.figures.quality
      return quality !== null && (known === null || isBetter(quality.mean, known.mean, goal)) ? at : best
    }, 0)
  }
  if (variants[baseline - 1] !== undefined) return baseline - 1
  throw new HearsayError('USAGE', `must be best, or the number of a variant: 1 to ${variants.length}`, {
    field: '--baseline',
    value: String(baseline),
  })
}

function differenceOf(variant: Undifferenced, baseline: Undifferenced): ComparedVariant['difference'] {
  const known = new Map(baseline.runs.map(({ seed, figures }) => [seed, figures.quality]))
  const pairs = variant.runs.flatMap(({ seed, figures: { quality } }) => {
    const other = known.get(seed) ?? null
    return quality === null || other === null ? [] : [{ seed, by: quality - other }]
  })
  const differences = pairs.map(({ by }) => by)
  return {
    seeds: pairs.map(({ seed }) => seed),
    mean: differences.length === 0 ? null : differences.reduce((sum, by) => sum + by, 0) / differences.length,
    interval: bootstrapInterval(differences),
  }
}
