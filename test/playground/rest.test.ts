// Work between two epochs: nothing that was asked for falls into the next.
import { expect, test } from 'vitest'
import { Rest } from '../../demo/playground/rest.ts'

test('an epoch waits for what is asked for while something else is being done', async () => {
  const rest = new Rest()
  const seen: string[] = []
  const work = (name: string) => async () => {
    seen.push(`${name} begins`)
    await new Promise(resolve => setTimeout(resolve))
    seen.push(`${name} ends`)
  }
  rest.leave()
  void rest.use(async () => {
    void rest.use(work('second')) // a message that comes in meanwhile
    await work('first')()
  })
  await rest.arrive()
  seen.push('epoch')
  expect(seen).toEqual(['first begins', 'first ends', 'second begins', 'second ends', 'epoch'])
})
