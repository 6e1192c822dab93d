import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { data } from '../../src/cli/commands/data.js'
import { simulate } from '../../src/cli/commands/simulate.js'
import { topology } from '../../src/cli/commands/topology.js'
import { hearsay, root, temporaryFolder } from '../e2e/hearsay.js'

const wordsOf = (example: string): string[] => {
  const [program, ...words] = example.split(' ')
  expect(program).toBe('hearsay')
  return words
}

describe('the examples of', () => {
  it.each([...data.examples, ...topology.examples])('%s', async example => {
    const { status, stdout, stderr } = await hearsay(wordsOf(example), root)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout.trim().split('\n').length).toBeGreaterThan(2)
  })

  it.each(simulate.examples)('%s, cut short', async example => {
    const out = join(await temporaryFolder(), 'run')
    // As many rounds as its faults need.
    const rounds = example.includes('--fail') ? '2' : '1'
    const { status, stdout, stderr } = await hearsay(
      [...wordsOf(example), '--rounds', rounds, '--no-baselines', '--out', out],
      root,
    )
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.not.stringContaining('error') })
    expect(stdout).toContain(example.includes('--json') ? '"accuracy"' : 'Hearsay (mean)')
  })
})

describe('the next steps that a run prints', () => {
  it('are right, whatever the method of the run', async () => {
    const folder = await temporaryFolder()
    const first = join(folder, 'first')
    const small = '--data digits --model logistic --rounds 1 --peers 3 --no-baselines --workers 1'.split(' ')
    const { stdout } = await hearsay([
      'simulate',
      ...small,
      '--merge',
      'dfedsam-mgs',
      '--gossip-steps',
      '2',
      '--out',
      first,
    ])
    const steps = [...stdout.matchAll(/^ {2}(?:npx )?hearsay (simulate .+?) #/gm)].map(([, command]) => command!)
    expect(steps.length).toBeGreaterThanOrEqual(4)
    const ofThisRun = steps.filter(step => step.includes(first))
    expect(ofThisRun).toHaveLength(3)
    for (const [at, step] of ofThisRun.entries()) {
      const { status, stderr } = await hearsay([...step.split(' '), '--no-baselines', '--out', join(folder, `${at}`)])
      expect({ step, status, stderr }).toEqual({ step, status: 0, stderr: expect.any(String) })
    }
  })
})
