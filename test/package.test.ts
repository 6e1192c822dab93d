import { readFileSync } from 'node:fs'
import semver from 'semver'
import { expect, it } from 'vitest'

const read = (file: string) => JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'))

it.each(['20.19.0', '22.23.3', '24.21.0', '26.12.1'])('everything that is installed is for Node %s too', version => {
  const { packages } = read('npm-shrinkwrap.json') as { packages: Record<string, { engines?: { node?: string } }> }
  const others = Object.entries(packages).filter(([, { engines }]) => !semver.satisfies(version, engines?.node ?? '*'))
  expect(others.map(([path, { engines }]) => `${path}: ${engines?.node}`)).toEqual([])
})

it('what is pinned goes with the package, for those who install it', () => {
  expect(read('package.json').files).toContain('npm-shrinkwrap.json')
})
