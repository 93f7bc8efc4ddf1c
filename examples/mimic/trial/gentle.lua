-- A pause of up to 40 ms before each request: a load that leaves the machine to others, too.
function delay()
  return math.random(1, 40)
end
