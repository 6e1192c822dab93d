import { describe, expect, it } from 'vitest'
import type { Audited, AuditFindings, Separation } from '../../src/audit/index.js'
import { reportOf } from '../../src/audit/index.js'
import { parseManifest } from '../../src/node/index.js'
import { headSection, layoutOf } from '../../src/tensors/index.js'

const layout = layoutOf([
  { name: 'output/kernel', shape: [2, 2] },
  { name: 'output/bias', shape: [2] },
])
const guess: Separation = { auc: 0.5, interval: [0.4, 0.6], advantage: 0.1 }

function leftOut(merge: object | string, found?: number, change: Partial<AuditFindings> = {}): string {
  const manifest = parseManifest({ data: { set: 'digits' }, model: 'logistic', merge })
  const audited: Partial<Audited> = {
    ...{ manifest, name: 'peer-0', layout, head: headSection(layout) },
    model: { model: manifest.model!, inputShape: [8, 8, 1] },
    members: { samples: { size: 44 } } as Audited['members'],
    others: {} as Audited['others'],
  }
  const separation = { ...guess, ...(found !== undefined && { found }) }
  const findings: AuditFindings = {
    attacks: [{ attack: 'loss', ...separation }],
    ...{ seen: 'the whole model', models: 1, records: 44, shadows: 4, inversions: [] },
    ...change,
  }
  return reportOf(audited as Audited, {}, findings).leftOut.join('\n')
}

describe('what an audit has left out', () => {
  it('is the finds where too few others are there', () => {
    expect(leftOut('dfedavg')).toContain('Found at 1 % false: of 44 others one is more than 1 %; it takes 100')
    expect(leftOut('dfedavg', 0.1)).not.toContain('Found at')
    const subjects = { ...guess, members: 9, others: 12 }
    expect(leftOut('dfedavg', 0.1, { subjects })).toContain('of 12 others')
  })

  it('is what travels beside the model, by name', () => {
    expect(leftOut('scaffold', 0.1)).toContain('Beside the model travels, and was not attacked: control.')
    expect(leftOut('dfedavg', 0.1)).not.toContain('travels')
  })

  it('is what a mixture answers', () => {
    expect(leftOut('mixture', 0.1)).toContain('What a peer answers by the models of others, as mixture does, was not')
    expect(leftOut('dfedavg', 0.1)).not.toContain('answers')
  })
})
