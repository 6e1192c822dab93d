import { expect, it } from 'vitest'
import { headline, jsonReporter } from '../../../src/watch/index.js'
import { summaryOf } from '../runs.js'
import { createScreen } from './events.js'

it('JSON is the headline of the summary in one line, and nothing of a run that failed', () => {
  const { stream, lines } = createScreen()
  const reporter = jsonReporter(stream)
  reporter.onEnd!({ how: 'failed' })
  expect(lines()).toEqual([''])
  reporter.onEnd!({ how: 'interrupted', summary: summaryOf() })
  expect(lines()).toEqual([JSON.stringify(headline(summaryOf()))])
})
