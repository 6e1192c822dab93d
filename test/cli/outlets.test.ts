import { expect, it } from 'vitest'
import { metricsAddress } from '../../src/cli/flags/outlets.js'
import { openOutlets } from '../../src/cli/outlets.js'

it('metrics are served at a port of this machine, or at an address that is named', () => {
  expect(metricsAddress('9464')).toEqual({ port: 9464 })
  expect(metricsAddress('0.0.0.0:9464')).toEqual({ host: '0.0.0.0', port: 9464 })
  expect(metricsAddress('[::]:0')).toEqual({ host: '::', port: 0 })
  for (const text of ['', 'here', '65536', '-1', 'example.org:9464', ':9464', '0.0.0.0:', '1.2.3:1']) {
    expect(() => metricsAddress(text), text).toThrow(/^--metrics/)
  }
})

it('without flags nothing is opened or said', async () => {
  const said: string[] = []
  const outlets = await openOutlets({}, { tell: line => said.push(line) })
  expect([outlets.reporters('run'), outlets.network, said]).toEqual([[], {}, []])
  await outlets.close()
  await expect(openOutlets({ hostMetrics: true }, { tell: () => {} })).rejects.toThrow('name its port')
})
