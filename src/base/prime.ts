/** The least prime that is not below `number`, a whole number up to 2^31. */
export function primeFrom(number: number): number {
  let candidate = Math.max(2, Math.ceil(number));
  while (!isPrime(candidate)) candidate++;
  return candidate;
}

function isPrime(number: number): boolean {
  if (number < 4) return number > 1;
  if (number % 2 === 0) return false;
  for (let divisor = 3; divisor * divisor <= number; divisor += 2) if (number % divisor === 0) return false;
  return true;
}
