// Where the server wants to know who asks.
import { useSignal } from '@preact/signals';
import { logIn, token as current } from '../api';
import { Field, valueOf } from './frame';

export function Login() {
  const token = useSignal('');
  return (
    <main id="main" class="login" tabIndex={-1}>
      <h1>tocsin</h1>
      <p>
        This dashboard wants a token. <code>tocsin web-token</code> prints a link that holds one.
      </p>
      {current.value && (
        <p class="problem" role="alert">
          tocsin does not accept the token.
        </p>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          logIn(token.value.trim());
        }}>
        <Field label="Token">
          <input
            type="password"
            value={token.value}
            required
            autocomplete="off"
            onInput={(event) => {
              token.value = valueOf(event);
            }}
          />
        </Field>
        <p>
          <button type="submit" class="main">
            Show the dashboard
          </button>
        </p>
      </form>
    </main>
  );
}
