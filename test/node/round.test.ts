import { describe, expect, it } from 'vitest'
import { type RoundHappening, type RoundsInit, runRounds } from '../../src/node/index.js'
import { headSection, layoutOf } from '../../src/tensors/index.js'
import { never } from '../gossip/hosts.js'

const head = headSection(layoutOf([{ name: 'dense/kernel', shape: [2] }]))

/** Two rounds of a model that training makes 1, 2 and the merge a hundred times that. */
async function roundsWith(
  changes: Partial<RoundsInit>,
  session: Partial<RoundsInit['session']> = {},
): Promise<RoundHappening[]> {
  const parameters = new Float32Array(2)
  const quality = (values: Float32Array): { accuracy: number } => ({ accuracy: values[0]! })
  const rounds = runRounds(
    {
      rounds: 2,
      parameters,
      head,
      session: {
        train: async round => {
          parameters.fill(round + 1)
          return { loss: 0, samples: 1, seconds: 0 }
        },
        async *exchange() {
          yield { type: 'merged', localDistance: 0 }
          parameters.fill(parameters[0]! * 100)
        },
        evaluate: async () => ({ ...quality(parameters), loss: 0 }),
        evaluateBefore: async copy => quality(copy),
        ...session,
      },
      federation: { at: () => ({ topology: { isSilent: () => false }, members: [] }) as never },
      testsBefore: true,
      evaluateEvery: 1,
      ...changes,
    },
    never,
  )
  const events: RoundHappening[] = []
  for await (const event of rounds) if (event.type === 'evaluated') events.push(event)
  return events
}

describe('a round without exchange', () => {
  const federation = { at: () => ({ topology: { isSilent: (round: number) => round === 0 }, members: [] }) as never }

  it('leaves what training has made, and tests nothing before a merge', async () => {
    const [silent, usual] = await roundsWith({ federation })
    expect(silent).toMatchObject({ round: 0, accuracy: 1 })
    expect(silent).not.toHaveProperty('before')
    expect(usual).toMatchObject({ round: 1, accuracy: 200, before: { accuracy: 2 } })
  })
})

describe('a peer that sits rounds out', () => {
  it('says so, and tests what is new, and the last model', async () => {
    let isUntested = true
    const rounds = runRounds(
      {
        rounds: 4,
        parameters: new Float32Array(2),
        head,
        session: {
          train: async round => (round === 1 ? { loss: 0, samples: 1, seconds: 0 } : undefined),
          async *exchange({ round }) {
            isUntested = round === 0
            yield { type: 'aggregated', received: [], sentTo: 0 }
          },
          isUntested: () => isUntested,
          evaluate: async () => ({ accuracy: 1, loss: 0 }),
        },
        federation: { at: () => ({ topology: { isSilent: () => false }, members: [] }) as never },
        evaluateEvery: 1,
      },
      never,
    )
    const events: string[] = []
    for await (const { type, round } of rounds) if (type !== 'aggregated') events.push(`${type} ${round}`)
    expect(events).toEqual([
      ...['idle 0', 'evaluated 0', 'ended 0', 'trained 1', 'ended 1', 'idle 2', 'ended 2'],
      ...['idle 3', 'evaluated 3', 'ended 3', 'finished 3'],
    ])
  })
})

describe('a final merge', () => {
  it('comes behind the last exchange, and is compared with the model before it', async () => {
    const parameters = new Float32Array(2)
    const finish = async function* () {
      parameters.fill(7)
      yield { type: 'merged' } as const
      return { isMerged: true, missed: [] }
    }
    const asked = { parameters, endsMerged: true, testsBefore: false }
    const quality = (values: Float32Array) => ({ accuracy: values[0]!, loss: 0 })
    const session = {
      finish,
      async *exchange() {
        parameters.fill(9)
        yield { type: 'merged' } as const
      },
      train: async () => ({ loss: 0, samples: 1, seconds: 0 }),
      evaluate: async () => quality(parameters),
      evaluateBefore: async (copy: Float32Array) => quality(copy),
    }
    const [first, last] = await roundsWith(asked, session)
    expect(first).toMatchObject({ round: 0, accuracy: 9 })
    expect(last).toMatchObject({ round: 1, accuracy: 7, before: { accuracy: 9 } })
    const [, own] = await roundsWith({ ...asked, endsMerged: false }, session)
    expect(own).not.toHaveProperty('before')
  })
})

describe('a round', () => {
  it('tests its model as it was before the merge, and as the merge left it', async () => {
    expect(await roundsWith({})).toMatchObject([
      { round: 0, accuracy: 100, before: { accuracy: 1 } },
      { round: 1, accuracy: 200, before: { accuracy: 2 } },
    ])
  })

  it('does so only in rounds that are tested, and where it is asked to', async () => {
    let asked = 0
    const evaluateBefore = async () => {
      asked += 1
      return { accuracy: 0 }
    }
    await roundsWith({ evaluateEvery: 2 }, { evaluateBefore })
    expect(asked).toBe(1)
    expect((await roundsWith({ testsBefore: false }))[0]).not.toHaveProperty('before')
  })

  it('asks for what needs all answers at the end only, or always', async () => {
    const asked: boolean[] = []
    const evaluate = async (_round: number, _signal: AbortSignal, graded: boolean) => {
      asked.push(graded)
      return { accuracy: 0, loss: 0, ...(graded && { auroc: 0.5, confusion: [[1]] }) }
    }
    expect(await roundsWith({}, { evaluate })).toMatchObject([{ round: 0 }, { auroc: 0.5, confusion: [[1]] }])
    const [first, last] = await roundsWith({ alwaysGrades: true }, { evaluate })
    expect(asked).toEqual([false, true, true, true])
    expect(first).toMatchObject({ auroc: 0.5 })
    expect(last).toMatchObject({ auroc: 0.5 })
  })

  it('has the confusion matrix of every test, but not that of the model before the merge', async () => {
    const evaluate = async () => ({ accuracy: 0, loss: 0, confusion: [[1]] })
    const [first] = await roundsWith({}, { evaluate, evaluateBefore: evaluate })
    expect(first).toMatchObject({ confusion: [[1]] })
    expect((first as { before?: object }).before).toEqual({ accuracy: 0, loss: 0 })
  })

  it('fails with a test that fails, after the merge', async () => {
    const failing = roundsWith({}, { evaluateBefore: () => Promise.reject(new Error('no worker')) })
    await expect(failing).rejects.toThrow('no worker')
  })
})
