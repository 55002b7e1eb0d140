package dsl
import ("testing";"strings";"runtime";"os";"time";"fmt")
func rss() string { b,_:=os.ReadFile("/proc/self/status"); for _,l:=range strings.Split(string(b),"\n"){ if strings.HasPrefix(l,"VmHWM"){return l}}; return ""}
func TestZZMem(t *testing.T){
 for _,mb := range []int{1,2,4,8} {
  for name,unit := range map[string]string{"flow":"a,","nest":"[],","map":"{},","bare":"[[]],"} {
  text := header+"metadata: {x: ["+strings.Repeat(unit, mb<<20/len(unit))+"]}\n"
  var m0,m1 runtime.MemStats
  runtime.GC(); runtime.ReadMemStats(&m0)
  at:=time.Now()
  _,f := Compile(oneFile(text),nil)
  d:=time.Since(at)
  runtime.ReadMemStats(&m1)
  fmt.Println(mb,name,d,(m1.TotalAlloc-m0.TotalAlloc)>>20,"MB alloc",rss()); _=f
  }
 }
}
