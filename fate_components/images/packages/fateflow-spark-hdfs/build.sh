# Compiles libhdfs, with which pyarrow reads and writes HDFS. Usage: build.sh SOURCES LIBRARY
set -eu
cd "$1"
java=$(dirname "$(dirname "$(readlink -f /usr/bin/java)")")
# shellcheck disable=SC2046 # each file is a word
gcc -O2 -w -fPIC -shared -fvisibility=hidden -fcommon -DLIBHDFS_DLL_EXPORT \
  -I"$java/include" -I"$java/include/linux" -I.. -I. -Iinclude -Ios/posix -Ios \
  exception.c jni_helper.c hdfs.c jclasses.c \
  os/posix/mutexes.c os/posix/thread.c os/posix/thread_local_storage.c \
  -L"$java/lib/server" -ljvm -Wl,-rpath,"$java/lib/server" -o "$2"
