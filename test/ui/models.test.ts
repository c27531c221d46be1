import { describe, expect, test } from 'bun:test'
import {
  everyKey,
  leadOf,
  mappingBody,
  mappingChanges,
  mappingFaults,
  startForm,
} from '../../ui/src/features/models/mapping-form.ts'
import { someMappings } from './fake-gateway.ts'

describe('the form of a mapping', () => {
  const [first] = someMappings()
  if (!first) throw new Error('the fake gateway has no mappings')

  test.each([
    [{ name: '', target: 'auto' }, { name: 'common.required' }],
    [
      { name: ' ', target: ' ' },
      { name: 'common.required', target: 'common.required' },
    ],
    [{ name: 'gpt-*-mini', target: 'auto' }, { name: 'models.nameStar' }],
    [{ name: 'gpt-**', target: 'auto' }, { name: 'models.nameStar' }],
    [{ name: 'gpt-* ', target: 'auto' }, {}],
    [{ name: '*', target: 'auto' }, {}],
    [{ name: 'gpt-4o', target: 'claude-*' }, { target: 'models.targetStar' }],
    [
      { name: 'n'.repeat(201), target: 't'.repeat(201) },
      { name: 'models.long', target: 'models.long' },
    ],
    [{ name: 'n'.repeat(200), target: 't'.repeat(200) }, {}],
  ])('%j is judged %j', (form, faults) => {
    expect(mappingFaults({ ...form, keyId: everyKey })).toEqual(faults as object)
  })

  test('a new one starts empty, for all keys, and is sent without spaces around it', () => {
    expect(startForm(undefined)).toEqual({ name: '', target: '', keyId: everyKey })
    expect(mappingBody({ name: ' gpt-4o ', target: ' auto', keyId: everyKey })).toEqual({
      name: 'gpt-4o',
      target: 'auto',
      key_id: null,
    })
    expect(mappingBody({ name: 'a', target: 'b', keyId: 'key_1' }).key_id).toBe('key_1')
  })

  test('one that is edited sends what was changed, a key taken off as null', () => {
    const form = startForm(first)
    expect(mappingChanges(form, first)).toBeUndefined()
    expect(mappingChanges({ ...form, target: 'auto' }, first)).toEqual({ target: 'auto' })
    expect(mappingChanges({ ...form, keyId: 'key_1' }, first)).toEqual({ key_id: 'key_1' })
    const own = { ...first, key_id: 'key_1' }
    expect(mappingChanges({ ...startForm(own), keyId: everyKey }, own)).toEqual({ key_id: null })
  })
})

test('a mapping leads to its target, to another that serves for it, or nowhere', () => {
  expect(someMappings().map(leadOf)).toEqual(['target', 'other', 'nowhere'])
})
