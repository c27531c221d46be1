export { encodeError, errorBody } from '../openai-error.ts'
