package meter
import ("testing";"os";"time";"path/filepath")
func TestQuick(t *testing.T){
 fs,_:=filepath.Glob("../../../../plugins/*/dist/plugin.wasm")
 for _,f:=range fs { b,_:=os.ReadFile(f)
 if err:=Validate(b);err!=nil{t.Fatal(err)}
 s:=time.Now(); m,err:=Rewrite(b); d:=time.Since(s); if err!=nil{t.Fatal(err)}
 s=time.Now(); err=Validate(m.Wasm)
 t.Log(f,len(b),len(m.Wasm),float64(len(m.Wasm))/float64(len(b)),m.Points,m.Imports,d,time.Since(s),err)
 os.WriteFile("/tmp/w/meter-spike/m.wasm",m.Wasm,0644)
 }}
