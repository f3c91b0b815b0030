from freeze import done, here

here()
done()
