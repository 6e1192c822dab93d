import { describe, expect, it } from 'vitest'
import { passageOf } from '../../src/dashboard/gate.js'

const gate = { token: 'secret', port: 4711 }
const own = { host: '127.0.0.1:4711' }
const posted = { ...own, origin: 'http://127.0.0.1:4711', 'content-type': 'application/json' }

describe('a dashboard', () => {
  it('lets pass what knows its token, from its own page', () => {
    expect(passageOf({ method: 'GET', url: '/secret/', headers: own }, gate)).toEqual({
      ok: true,
      method: 'GET',
      path: '',
    })
    const local = { ...posted, host: 'localhost:4711', origin: 'http://localhost:4711' }
    for (const headers of [posted, local]) {
      expect(passageOf({ method: 'POST', url: '/secret/ask?x=1', headers }, gate)).toEqual({
        ok: true,
        method: 'POST',
        path: 'ask',
      })
    }
  })

  it.each([
    ['GET', '/', own, 404],
    ['GET', '/secret', own, 404],
    ['GET', '/Secret/', own, 404],
    ['GET', '/secrets/', own, 404],
    ['GET', '//secret/', own, 404],
    ['GET', `/secret/${'x'.repeat(300)}`, own, 404],
    ['GET', '/secret/', {}, 404],
    // A name of elsewhere that points here, and another port of this machine.
    ['GET', '/secret/', { host: 'evil.example:4711' }, 404],
    ['GET', '/secret/', { host: '127.0.0.1:80' }, 404],
    ['DELETE', '/secret/', posted, 405],
    ['DELETE', '/other/', posted, 404],
    ['POST', '/secret/ask', { ...posted, origin: 'http://evil.example' }, 403],
    ['POST', '/secret/ask', { ...posted, origin: 'null' }, 403],
    ['POST', '/secret/ask', own, 403],
    // What a form of another page could send without being asked.
    ['POST', '/secret/ask', { ...posted, 'content-type': 'text/plain' }, 415],
  ] as const)('refuses %s %s %j with %i', (method, url, headers, status) => {
    expect(passageOf({ method, url, headers }, gate)).toEqual({ ok: false, status })
  })
})
