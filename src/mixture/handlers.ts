import { type DeviceModel, handler, type JobContext, type JobHandler, type Targets } from '../learner/device.js'
import { evaluate, type MixtureInputs, predict } from './evaluate.js'
import { geometryOf } from './geometry.js'
import { evaluateMixture, type MixtureAsk, predictMixture, trainMixture } from './jobs.js'
import { train } from './train.js'

/*
 * The mixture's jobs as a learner's worker does them.
 */

/** What {@link serve} is given. */
export const mixtureHandlers: readonly JobHandler[] = [
  handler(trainMixture, async (context, ask) => {
    const begun = performance.now()
    const { peer, round, plan, localShare, parameters, weights, settings } = ask
    const { seed, book, programs, aborted, commit } = context
    const job = { ...judgedOf(context, ask), settings, plan, book, programs, localShare, seed, peer, round }
    const trained = await train(job, aborted)
    if (trained === undefined || !commit()) return undefined
    if (trained.parameters !== undefined) parameters.set(trained.parameters)
    weights.values.set(trained.values)
    for (const [i, transform] of trained.transforms.entries()) weights.transforms[i]!.set(transform)
    const { loss, samples, steps, stepsInLoop, gate } = trained
    return { loss, samples, steps, stepsInLoop, gate, seconds: (performance.now() - begun) / 1000 }
  }),
  handler(evaluateMixture, async (context, ask) =>
    evaluate({ ...judgedOf(context, ask), graded: ask.graded }, context.aborted),
  ),
  handler(predictMixture, async (context, ask) => predict(inputsOf(context, ask), context.aborted)),
]

/** With what is wanted of the samples. */
function judgedOf(context: JobContext, ask: MixtureAsk): MixtureInputs & { readonly targets: Targets } {
  return { ...inputsOf(context, ask), targets: context.targets(ask.model, context.data[0]!) }
}

function inputsOf(context: JobContext, ask: MixtureAsk): MixtureInputs {
  const { parameters, heads, weights, settings } = ask
  const [data] = context.data
  const model = modelOf(context, ask)
  return {
    model,
    geometry: geometryOf(model.cut(), model.layout),
    parameters,
    source: context.source(ask.model, data!),
    size: data!.size,
    heads,
    weights,
    settings,
  }
}

function modelOf({ models }: JobContext, { model: place }: MixtureAsk): DeviceModel {
  const model = models[place]
  if (model === undefined) throw new RangeError(`model ${place} of ${models.length}`)
  return model
}
