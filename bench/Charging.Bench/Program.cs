using Charging.Bench;

return args switch
{
    ["store", .. var rest] => await StoreBench.RunAsync(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        dotnet run -c Release --project bench/Charging.Bench -- <what>
          store [seconds] [rounds]   P2b: store operations against pgbench -N
        """);
    return 1;
}
