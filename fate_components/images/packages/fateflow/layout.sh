# Moves the installed packages into the layout of FATE's official image. Usage: layout.sh ROOT FILES
set -eu
packages=$1/usr/local/lib/python3.11/dist-packages
fate=$1/data/projects/fate
mkdir -p "$fate/fate/python" "$fate/fate_flow/python" "$fate/fate_flow/logs" "$fate/fate_flow/jobs"
mv "$packages/fate" "$fate/fate/python/"
mv "$packages/fate_flow" "$packages/ofx" "$fate/fate_flow/python/"
# outside a virtual environment FATE Flow looks for these three folders above its modules
mv "$fate/fate_flow/python/fate_flow/conf" "$fate/fate_flow/python/fate_flow/fateflow.env" "$fate/fate_flow/"
cp "$2/fate_enum.py" "$2/fate_enum.pth" "$packages/"
# tests are a third of these packages' size
for package in numpy pandas scipy sklearn networkx; do
  find "$packages/$package" -name tests -type d -prune -exec rm -r '{}' +
done
find "$packages" -name '*.pyi' -delete
