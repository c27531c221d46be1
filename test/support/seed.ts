import fc from 'fast-check'

// What is tried at random is the same in every run: a commit passes or does not. `FC_SEED=random` tries something else each time.
const given = process.env.FC_SEED ?? '20261128'
if (given !== 'random') fc.configureGlobal({ seed: Number(given) })
